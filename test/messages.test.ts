import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { flagOf } from '../base/setting.ts'
import { commands } from '../cli/commands.ts'
import { flagsOf } from '../cli/flags.ts'
import { type Message, messagesIn } from './messages.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const folders = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !/^\.|^(node_modules|test|bench|runs|dist|docs|shared)$/.test(entry.name))
  .map(({ name }) => name)

function sources(): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length)),
  )
}

const catalogue: Message[] = sources()
  .sort()
  .flatMap((file) => messagesIn(file, readFileSync(join(root, file), 'utf8')))

test('the scan reads literals, templates, shorthands and nested calls', (t) => {
  const source = `
    // don't: a quote that closes nothing
    throw new UserError({ where: \`a \${list.map((x) => \`\${x}, }\`).join('}')}\`, expected: 'one, or "two"', got, hint: cond ? 'It\\'s.' : "b" })
    throw new UserError({
      where,
      expected: names.map(({ a }) => a).join(),
      got: String(f({ a: 1 })),
      hint: 'Do it.',
    }, 3)
    throw new UserError(fields)`
  t.deepEqual(messagesIn('a.ts', source), [
    {
      file: 'a.ts',
      fields: {
        where: "`a $\u007blist.map((x) => `$\u007bx}, }`).join('}')}`",
        expected: `'one, or "two"'`,
        got: 'got',
        hint: `cond ? 'It\\'s.' : "b"`,
      },
    },
    { file: 'a.ts', fields: { where: 'where', expected: 'names.map(({ a }) => a).join()', got: 'String(f({ a: 1 }))', hint: "'Do it.'" } },
    { file: 'a.ts', fields: {} },
  ])
})

test('every message says where, what was expected, what came and what to do', (t) => {
  t.true(catalogue.length > 200, `${catalogue.length}`)
  const wanted = ['expected', 'got', 'hint', 'where']
  const lacking = catalogue.filter(({ fields }) => JSON.stringify(Object.keys(fields).sort()) !== JSON.stringify(wanted))
  t.deepEqual(
    lacking.map(({ file, fields }) => `${file}: ${Object.keys(fields)}`),
    [],
  )
  const empty = catalogue.filter(({ fields }) => Object.values(fields).some((value) => /^(['"`])\s*\1$/.test(value)))
  t.deepEqual(empty, [])
})

test('a remedy that is written out is a sentence, or ends in what to type', (t) => {
  const loose = catalogue.filter(({ fields: { hint = '' } }) => /^(['"]).*\1$/s.test(hint) && !/[.?][)”]?.$|: [^ ]+.*.$/.test(hint))
  t.deepEqual(
    loose.map(({ file, fields }) => `${file}: ${fields.hint}`),
    [],
  )
})

test('flags that messages speak of are there, as they are typed', async (t) => {
  const loaded = await Promise.all(Object.values(commands).map(({ load }) => load()))
  const flags = new Set(loaded.flatMap(({ schema }) => flagsOf(schema).map(({ name }) => flagOf(name))))
  for (const other of ['--help', '--all', '--config', '--no-', '--include', '--dereference']) flags.add(other) // every command's, npm's and tar's
  const named = catalogue.flatMap(({ file, fields }) =>
    Object.values(fields).flatMap((text) => Array.from(text.matchAll(/(?<![\w-])--\w[\w-]*(?:\.\w[\w-]*)?/g), ([flag]) => `${file}: ${flag}`)),
  )
  t.true(named.length > 100, `${named.length}`)
  t.deepEqual(
    named.filter((line) => !flags.has(line.split(' ')[1]!)),
    [],
  )
  // Remedies that are put together elsewhere, and comments.
  const camel = sources().filter((file) => file !== 'cli/parser.ts' && /(?<![\w-])--[a-z0-9.]+[A-Z]/.test(readFileSync(join(root, file), 'utf8')))
  t.deepEqual(camel, [])
})

/** The one place that holds what all messages say. Reworded on purpose: `npx ava test/messages.test.ts --update-snapshots`. */
test('the prose of all messages', (t) => {
  const lines = catalogue.map(({ file, fields }) => `${file}\n  ${fields.where}: expected ${fields.expected}, got ${fields.got}. ${fields.hint}`)
  t.snapshot(lines.toSorted().join('\n'))
})
