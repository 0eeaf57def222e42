import { execFile } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import sharp from 'sharp'
import { readRegularFile } from '../../base/regular-file.ts'
import { setImageTimeout } from '../../corpora/decode-apart.ts'
import { listImages } from '../../corpora/image-files.ts'
import { decodeImage } from '../../corpora/images.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { throwsUserError } from '../user-error.ts'

const source = (text: string | Buffer) => ({ key: 'it', read: async () => Buffer.from(text) })
const svg = (body: string, side = 64) => `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}">${body}</svg>`
/** Every level shows the one below ten times, with a filter that makes librsvg draw each. */
const nested = svg(
  `<defs><filter id="f"><feGaussianBlur stdDeviation="9"/></filter><g id="a0"><rect width="64" height="64" filter="url(#f)"/></g>${Array.from(
    { length: 5 },
    (_, level) => `<g id="a${level + 1}" filter="url(#f)">${`<use href="#a${level}"/>`.repeat(9)}</g>`,
  ).join('')}</defs><use href="#a5"/>`,
  4000,
)

test.serial('a picture that takes too long is given up, and the next one is decoded', async (t) => {
  setImageTimeout(1)
  t.teardown(() => setImageTimeout(10))
  const began = performance.now()
  await throwsUserError(t, () => decodeImage(source(nested), 32), { where: 'image it', got: /longer than 1 s \(--image-timeout\)/ })
  t.true(performance.now() - began < 30_000)
  setImageTimeout(30)
  const good = await sharp({ create: { width: 4, height: 4, channels: 3, background: 'red' } })
    .png()
    .toBuffer()
  t.deepEqual([...(await decodeImage(source(good), 1))], [255, 0, 0, 255])
})

test('pictures of this program and of others become the same pixels', async (t) => {
  const drawing = source(svg('<circle cx="30" cy="30" r="20" fill="#18a"/>'))
  t.deepEqual(Uint8Array.from(await decodeImage(drawing, 24)), Uint8Array.from(await decodeImage({ ...drawing, isOurs: true }, 24)))
})

test('a pipe, a device and a link to one are no pictures, and nothing waits for them', async (t) => {
  const dir = await temporaryFolder(t)
  await writeFile(join(dir, 'good.svg'), svg(''))
  await promisify(execFile)('mkfifo', [join(dir, 'pipe.png')])
  await symlink('/dev/zero', join(dir, 'zero.png'))
  await symlink(join(dir, 'good.svg'), join(dir, 'link.svg'))
  await mkdir(join(dir, 'folder.png'))
  const { paths, skipped } = await listImages(dir)
  t.deepEqual(paths, [join(dir, 'good.svg'), join(dir, 'link.svg')])
  t.deepEqual(
    skipped.sort((a, b) => (a.path < b.path ? -1 : 1)),
    [
      { path: join(dir, 'pipe.png'), reason: 'a pipe' },
      { path: join(dir, 'zero.png'), reason: 'a device' },
    ],
  )
  await t.throwsAsync(readRegularFile(join(dir, 'pipe.png')), { message: /is a pipe$/ })
  await t.throwsAsync(readRegularFile(join(dir, 'zero.png')), { message: /is a device$/ })
  await t.throwsAsync(readRegularFile(dir), { message: /is a folder$/ })
})
