/** Hooks of Node's loader that strip types. Line and column of the code stay; what was stripped once is kept on disk. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { threadId } from 'node:worker_threads'

const cache = new URL('../node_modules/.cache/typescript/', import.meta.url)

export function resolve(specifier, context, next) {
  const isSource = specifier.startsWith('.') && specifier.endsWith('.ts') && context.parentURL?.startsWith('file:')
  return isSource ? { url: new URL(specifier, context.parentURL).href, shortCircuit: true } : next(specifier, context)
}

export async function load(url, context, next) {
  if (!url.startsWith('file:') || !new URL(url).pathname.endsWith('.ts')) return next(url, context)
  const source = `${await strip(readFileSync(new URL(url), 'utf8'))}\n//# sourceURL=${url}`
  return { format: 'module', source, shortCircuit: true }
}

async function strip(source) {
  const file = new URL(`${createHash('sha256').update(source).digest('hex')}.js`, cache)
  try {
    return readFileSync(file, 'utf8')
  } catch {
    const { default: amaro } = await import('amaro')
    const { code } = amaro.transformSync(source, { mode: 'strip-only' })
    keep(file, code)
    return code
  }
}

function keep(file, code) {
  const temporary = new URL(`${file.href}.${process.pid}-${threadId}`)
  try {
    mkdirSync(cache, { recursive: true })
    writeFileSync(temporary, code)
    renameSync(temporary, file)
  } catch {
    // A clone that cannot be written to is read all the same.
  }
}
