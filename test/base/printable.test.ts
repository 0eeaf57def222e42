import test from 'ava'
import { UserError } from '../../base/errors.ts'
import { printable, printableName } from '../../base/printable.ts'

test('what would steer a terminal is shown, all that is text stays', (t) => {
  t.is(printable('\u001b[2J\u009b31m\u0007'), '\\u001b[2J\\u009b31m\\u0007')
  t.is(printable('photo\u202egnp.exe'), 'photo\\u202egnp.exe')
  t.is(printable('a\r\nb\tc'), 'a\\u000d\nb\tc')
  t.is(printableName('a\nb\tc'), 'a\\u000ab\\u0009c')
  for (const text of ['自行车 ü é', '👩‍🚒 fire', 'خانه‌ها', '"quoted" \\ path']) t.is(printableName(text), text)
})

test('an error shows names of others as they are, in one line', (t) => {
  const error = new UserError({ where: 'a\nb.csv', expected: 'x', got: '"\u001b]0;title\u0007"', hint: 'Do y.' })
  t.is(error.message, 'a\\u000ab.csv: expected x, got "\\u001b]0;title\\u0007". Do y.')
})
