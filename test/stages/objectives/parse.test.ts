import test from 'ava'
import { UserError } from '../../../engine/errors.ts'
import { objectiveParams, objectives, parseObjectives } from '../../../stages/objectives/table.ts'

test('names with weights, in their order; a weight left out is 1', (t) => {
  const weights = parseObjectives('fd:4, task ,crd:0.5')
  t.deepEqual(weights, { fd: 4, task: 1, crd: 0.5 })
  t.deepEqual(Object.keys(weights), ['fd', 'task', 'crd'])
  t.deepEqual(parseObjectives('smooth-l1:1e-2'), { 'smooth-l1': 0.01 })
})

const wrong: Record<string, RegExp> = {
  taks: /--objective taks: expected one of .*got taks\. Did you mean task\?/,
  'smoothl1:2': /got smoothl1\. Did you mean smooth-l1\?/,
  contrastive: /expected one of task, fd, crd, .*got contrastive\. Write name:weight/,
  '': /got an empty name/,
  'task,': /--objective task,: expected one of .* got an empty name/,
  'task:0': /expected a positive weight for task, got 0\. Leave task out to switch it off/,
  'task:-1': /expected a positive weight for task, got -1/,
  'fd:much': /expected a positive weight for fd, got much/,
  'fd:': /expected a positive weight for fd/,
  'task:1,fd:2,task:3': /expected every name once, got task twice/,
}
for (const [text, message] of Object.entries(wrong)) {
  test(`refuses '${text}'`, (t) => {
    const error = t.throws(() => parseObjectives(text), { instanceOf: UserError, message })
    t.is(error.exitCode, 2)
  })
}

test('the table lists objectives under their own names', (t) => {
  for (const [name, objective] of Object.entries(objectives)) t.is(objective.name, name)
})

test('parameters of objectives carry their names, so that an export can leave them out', (t) => {
  const sizes = { embedDim: 6, teacherDim: 5, classes: 3 }
  for (const name of Object.keys(objectives)) {
    for (const param of Object.keys(objectiveParams({ [name]: 1 }, sizes, 1))) t.true(param.startsWith(`objective.${name}.`), param)
  }
  t.deepEqual(objectiveParams({ anchor: 1, task: 1 }, sizes, 1)['objective.anchor.weight']!.shape, [3, 6])
})
