import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const root = fileURLToPath(new URL('../', import.meta.url))

interface Locked {
  version?: string
  license?: string
  dev?: boolean
  optional?: boolean
  devOptional?: boolean
}

/** Licences under which a dependency may come along with a program under the MIT licence. */
const allowed = ['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD', 'BlueOak-1.0.0', 'Python-2.0', 'Unlicense', 'CC0-1.0', 'Zlib']
/** libvips comes as a library of its own, which may be replaced: what its licence asks for. */
const replaceable = /^node_modules\/@img\/sharp-/

test('every package that is installed for use has a licence that allows it', (t) => {
  const { packages } = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')) as { packages: Record<string, Locked> }
  const used = Object.entries(packages).filter(([path, { dev, devOptional }]) => path.startsWith('node_modules/') && !dev && !devOptional)
  t.true(used.length > 50)
  const wrong = used.filter(([path, { license }]) => !fits(license ?? licenceIn(path)) && !replaceable.test(path))
  t.deepEqual(
    wrong.map(([path, { license }]) => `${path}: ${license ?? licenceIn(path) ?? 'none stated'}`),
    [],
  )
})

/** `(MIT OR GPL-3.0)` allows a choice, `Apache-2.0 AND LGPL-3.0` none. */
function fits(licence: string | undefined): boolean {
  if (licence === undefined) return false
  const choices = licence.replaceAll(/[()]/g, '').split(' OR ')
  return choices.some((choice) => choice.split(' AND ').every((name) => allowed.includes(name.trim())))
}

function licenceIn(path: string): string | undefined {
  const file = `${root}${path}/package.json`
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { license?: string }).license : undefined
}
