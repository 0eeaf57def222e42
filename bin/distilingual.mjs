#!/usr/bin/env node
import { existsSync } from 'node:fs'

const source = new URL('../cli/main.ts', import.meta.url)
if (existsSync(source)) {
  await import('../build/typescript.mjs')
  await import(source.href)
} else {
  await import('../dist/cli/main.js')
}
