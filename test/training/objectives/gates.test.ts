import test from 'ava'
import { gradientOf, withGradients } from '../../../engine/gradients.ts'
import type { Gate } from '../../../models/gates.ts'
import type { ObjectiveContext, Tower } from '../../../training/objectives/objective.ts'
import { objectives } from '../../../training/objectives/table.ts'
import { agree, close, gaussian } from '../../engine/oracle.ts'

const gate = (channels: number): Gate => ({ before: 'a', after: 'b', groups: 1, channels })

function step(name: string, sizes: number[]) {
  return withGradients(
    (params, inputs) => {
      const side = { layers: { gates: params.student! }, gates: sizes.map(gate) }
      const inner: Record<Tower, typeof side> = { image: side, text: side }
      const teacher = { teacher_image_gates: inputs.teacher!, teacher_text_gates: inputs.teacher! }
      return { loss: objectives[name]!.loss({ inner, inputs: teacher } as unknown as ObjectiveContext) }
    },
    ['student'],
  )
}

async function run(t: Parameters<typeof agree>[0], name: string, sizes: number[], student: Float32Array, teacher: Float32Array) {
  const columns = sizes.reduce((sum, size) => sum + size, 0)
  const spec = { dtype: 'float32' as const, shape: [student.length / columns, columns] }
  return agree(t, step(name, sizes), { student: spec, teacher: spec }, { student, teacher })
}

test('two images, gates of two channels and of one: worked out by hand', async (t) => {
  const teacher = Float32Array.of(3, 4, 1, 0, 0, 0)
  const student = Float32Array.of(0, 0, -1, 0, 2, 6)
  // |(3, 4)| + |2| = 7 and |(0, −2)| + |−6| = 8
  close(t, (await run(t, 'gates-image', [2, 1], student, teacher)).loss!, [7.5], 1e-6, 'images')
  close(t, (await run(t, 'gates', [2, 1], student, teacher)).loss!, [15], 1e-6, 'both towers')
})

test('the plain formula, its slopes, compiled as eager', async (t) => {
  const sizes = [3, 2, 4]
  const [student, teacher] = [gaussian(45, 1), gaussian(45, 2)]
  const plain = (own: ArrayLike<number>) => {
    let sum = 0
    for (let row = 0; row < 5; row++) {
      let start = row * 9
      for (const size of sizes) {
        let square = 0
        for (let i = start; i < start + size; i++) square += (teacher[i]! - own[i]!) ** 2
        sum += Math.sqrt(square)
        start += size
      }
    }
    return sum / 5
  }
  const results = await run(t, 'gates-text', sizes, student, teacher)
  close(t, results.loss!, [plain(student)], 1e-5, 'loss')
  const moved = (at: number, by: number) => plain(Array.from(student, (value, i) => value + (i === at ? by : 0)))
  const slopes = Array.from(student, (_, i) => (moved(i, 1e-5) - moved(i, -1e-5)) / 2e-5)
  close(t, results[gradientOf('student')]!, slopes, 1e-5, 'slopes')
})

test('a student that is its teacher: nothing to lose, and a gradient of 0', async (t) => {
  const features = gaussian(12, 3)
  const results = await run(t, 'gates-image', [2, 4], features, features)
  close(t, results.loss!, [2e-6], 1e-6, 'loss')
  close(t, results[gradientOf('student')]!, new Float32Array(12), 0, 'gradient')
})
