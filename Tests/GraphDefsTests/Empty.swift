import GraphDefs
