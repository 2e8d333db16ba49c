import Keras
import Testing
