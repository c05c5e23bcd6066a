/**
 * ONNX Runtime's official builds from 1.29 on send events about the machine and the model to Microsoft unless this is
 * set before the library is initialised (onnxruntime pull requests 27379 and 29843; Linux and macOS. On Windows they
 * are ETW events, which the operating system's own diagnostic settings govern). This program is offline. Imported
 * for its effect, before onnxruntime-node.
 */
process.env.ORT_DISABLE_TELEMETRY = '1'
