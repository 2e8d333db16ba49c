// Keras-style models.

public import Training
