#!/usr/bin/env bash
# What a machine with a GPU is to be asked, in at most eight minutes: bash bench/gpu.sh [webgpu|cuda] [TEACHER]
# 1 what onnxruntime has here; 2 one step's gradients against the processor and steps a second, tiny and base; 3 a teacher's features a second.
# TEACHER is a CLIP-like ONNX folder, best one of 224 px; default: the one that ships. Results are printed, and kept in bench/results/.
set -euo pipefail
cd "$(dirname "$0")/.."
device=${1:-webgpu}
teacher=${2:-models/teachers/bridged}
most=150 # seconds for each of three

echo "Node $(node --version), onnxruntime-node $(node -p 'require("onnxruntime-node/package.json").version')"
node -e 'for (const { name, bundled } of require("onnxruntime-node").listSupportedBackends()) console.log(`  ${name}: ${bundled ? "bundled" : "needs libraries of its own"}`)'
if command -v nvidia-smi >/dev/null; then nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader; fi

failed=0
bench() {
  echo "bench -- device $*"
  timeout "$most" node --import=./build/typescript.mjs bench/main.ts device --device "$device" "$@" || { echo "ended with exit code $? (124: not done in $most s)"; failed=1; }
}
bench --preset tiny --batch-size 64 --steps 20
bench --preset base --batch-size 64 --steps 5
bench --preset tiny --batch-size 2 --steps 0 --teacher "$teacher" --images 256
exit "$failed"
