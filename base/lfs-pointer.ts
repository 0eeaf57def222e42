import { UserError } from './errors.ts'

/**
 * Git LFS leaves a few lines of text where a large file was not fetched.
 * @throws UserError when `bytes`, the contents of `file` or their beginning, are such a pointer
 */
export function refusePointer(file: string, bytes: Uint8Array): void {
  const text = Buffer.from(bytes.subarray(0, 200)).toString('latin1')
  if (!text.startsWith('version https://git-lfs')) return
  const size = /size (\d+)/.exec(text)?.[1]
  throw new UserError({
    where: file,
    expected: 'the file itself',
    got: `a Git LFS pointer${size ? ` to ${(Number(size) / 1e6).toFixed(1)} MB` : ''}`,
    hint: 'Fetch it with `git lfs pull` in that repository, or download this one file.',
  })
}
