import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

const sources = fileURLToPath(new URL('..', import.meta.url))

/**
 * The page's files are translated one by one and stay apart: they find each other by relative addresses, packages through the import map. What they share
 * with Node becomes a part of them.
 */
const keepApart: Plugin = {
  name: 'keep-apart',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^/ }, ({ path, kind, resolveDir }) => {
      const isShared = path.startsWith('.') && !join(resolveDir, path).startsWith(sources)
      return kind === 'entry-point' || isShared ? undefined : { path: path.replace(/\.ts$/, '.js'), external: true }
    })
  },
}

/** Translates the files of web/, which are those of the page, into `dir`, and `more` of folders below, named without their ending. */
export async function bundleModules(dir: string, more: string[]): Promise<void> {
  const page = (await readdir(sources)).filter((name) => name.endsWith('.ts'))
  await build({
    entryPoints: [...page, ...more.map((name) => `${name}.ts`)].map((name) => join(sources, name)),
    outdir: dir,
    outbase: sources,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    plugins: [keepApart],
    logLevel: 'silent',
    tsconfigRaw: {}, // a tsconfig.json of the user's folder is none of ours
  })
}
