/**
 * onnxruntime ≥ 1.29 collects telemetry and writes under the user's cache unless switched off before it is loaded.
 * The one module with an effect at import time: runtime.ts imports it first.
 */
process.env.ORT_DISABLE_TELEMETRY = '1'
