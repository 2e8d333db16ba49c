// TensorFlow 1's control flow as functions.
import Messages
func withStructuredControlFlow(_ graph: Tensorflow_GraphDef) throws(GraphDefError) -> Tensorflow_GraphDef { graph }
