import test from 'ava'
import { progress } from '../../base/progress.ts'
import { notice, type ProgressEvent, toItsEnd, watched } from '../../base/watch.ts'

test('a program that watches gets what the terminal would', async (t) => {
  const events: ProgressEvent[] = []
  const lines: string[] = []
  await watched({ onProgress: (event) => events.push(event), onNotice: (line) => lines.push(line) }, async () => {
    const bar = progress('decode', 3, 'images')
    bar.update(2)
    await Promise.resolve() // what goes on later is watched too
    bar.update(3, 'done')
    notice('one\ntwo')
  })
  const same = { label: 'decode', total: 3, unit: 'images' }
  t.deepEqual(events, [
    { ...same, done: 2, note: undefined },
    { ...same, done: 3, note: 'done' },
  ])
  t.deepEqual(lines, ['one', 'two'])
})

test("an aborted signal ends the work at its next step, with the signal's reason", async (t) => {
  const control = new AbortController()
  const reason = new Error('enough')
  const seen: number[] = []
  const work = async () => {
    const bar = progress('count', 5)
    for (let i = 1; i <= 5; i++) {
      if (i === 3) control.abort(reason)
      seen.push(i)
      bar.update(i)
    }
  }
  t.is(await t.throwsAsync(watched({ signal: control.signal }, work)), reason)
  t.deepEqual(seen, [1, 2, 3])
  t.is(await t.throwsAsync(watched({ signal: control.signal }, async () => void seen.push(6))), reason)
  t.deepEqual(seen, [1, 2, 3], 'what is aborted before it begins does not begin')
})

test('what runs to its end hears no signal; a fault of its own is told as it is', async (t) => {
  const control = new AbortController()
  const watch = { signal: control.signal }
  const inner = async () => {
    control.abort()
    progress('validation', 1).update(1)
    return 7
  }
  t.is(await watched(watch, () => toItsEnd(inner)), 7)
  const fault = new Error('broken')
  t.is(await t.throwsAsync(watched({}, () => Promise.reject(fault))), fault)
})
