import test from 'ava'
import { objectiveParams, objectives, parseObjectives, teachesStudentSpace } from '../../../training/objectives/table.ts'
import { type Expected, throwsUserError } from '../../user-error.ts'
import { own } from './harness.ts'

test('names with weights, in their order; a weight left out is 1', async (t) => {
  const weights = parseObjectives('fd:4, task ,crd:0.5')
  t.deepEqual(weights, { fd: 4, task: 1, crd: 0.5 })
  t.deepEqual(Object.keys(weights), ['fd', 'task', 'crd'])
  t.deepEqual(parseObjectives('smooth-l1:1e-2'), { 'smooth-l1': 0.01 })
})

const wrong: Record<string, Expected> = {
  taks: { where: /--objective taks/, got: 'taks', hint: /Did you mean task\?/ },
  'fd-imge': { hint: /Did you mean fd-image\?/ },
  'smoothl1:2': { got: 'smoothl1', hint: /Did you mean smooth-l1\?/ },
  contrastive: { expected: /one of task, siglip, fd/, got: 'contrastive' },
  '': { got: /an empty name/ },
  'task,': { where: /--objective task,/, got: /an empty name/ },
  'task:0': { expected: /a positive weight for task/, got: '0' },
  'task:-1': { expected: /a positive weight for task/, got: '-1' },
  'fd:Infinity': { expected: /a positive weight for fd/, got: 'Infinity' },
  constructor: { got: 'constructor' },
  'fd:much': { expected: /a positive weight for fd/, got: 'much' },
  'fd:': { expected: /a positive weight for fd/ },
  'fd:4:5': { expected: /a positive weight for fd/, got: /4:5/ },
  'task:1,fd:2,task:3': { expected: /every name once/, got: /task twice/ },
}
for (const [text, expected] of Object.entries(wrong)) {
  test(`refuses '${text}'`, async (t) => {
    const error = await throwsUserError(t, () => parseObjectives(text), expected)
    t.is(error.exitCode, 2)
  })
}

test('parameters of objectives carry their names, so that an export can leave them out', (t) => {
  const width = { student: 4, teacher: 7 }
  const sizes = { embedDim: 6, teacherDim: 5, classes: 3, inner: { image: width, text: width } }
  for (const { name, space } of Object.values(objectives)) {
    const params = Object.keys(objectiveParams({ [name]: 1 }, sizes, 1))
    if (space !== 'inner') t.deepEqual(params.sort(), Object.keys(own[name] ?? {}).sort(), name)
    for (const param of params) t.true(param.startsWith(`objective.${name}.`), param)
  }
  t.deepEqual(objectiveParams({ anchor: 1, task: 1 }, sizes, 1)['objective.anchor.weight']!.shape, [3, 6])
})

test('temperatures of objectives begin where their papers do', (t) => {
  const params = objectiveParams({ icl: 1, afd: 1, siglip: 1 }, { embedDim: 6, teacherDim: 5, classes: 3 }, 1)
  const begins = (name: string) => Math.exp(params[name]!.data[0]!)
  t.true(Math.abs(begins('objective.icl.scale') - 1 / 0.07) < 1e-4)
  t.true(Math.abs(begins('objective.afd.scale') - 1 / 0.07) < 1e-4)
  t.true(Math.abs(begins('objective.siglip.scale') - 10) < 1e-4)
  t.is(params['objective.siglip.bias']!.data[0], -10)
  t.deepEqual(params['objective.afd.image.weight']!.shape, [5, 10])
})

test('which objectives teach the own space', (t) => {
  const answers = { 'task:1,fd:4': true, 'fd:1,crd:1': true, siglip: true, 'fd:1,icl:1': false, 'gd:0.001,afd:1': false }
  for (const [text, answer] of Object.entries(answers)) t.is(teachesStudentSpace(parseObjectives(text)), answer, text)
})
