import test from 'ava'
import { type Cluster, clusterRanking, type Found, findClusters, leastCosine, reach, usualCosine } from '../../search/alike.ts'
import { placesOf } from '../../search/hits.ts'

/** A picture at an angle in the plane: the cosine of two is that of the degrees between them. */
const at = (path: string, degrees: number, score: number): Found => {
  const angle = (degrees * Math.PI) / 180
  return { path, score, vector: Float32Array.of(Math.cos(angle), Math.sin(angle)) }
}
const names = (clusters: Cluster[]) => clusters.map(({ best, alike }) => [best.path, ...alike.map(({ path }) => path)].join(' '))

const ranking = [at('a', 0, 0.9), at('b', 50, 0.8), at('c', 8, 0.7), at('d', 58, 0.6), at('e', 16, 0.5), at('f', 120, 0.4), at('g', 4, 0.3)]
/** Pictures within ten degrees of each other. */
const least = Math.cos((10 * Math.PI) / 180)

test('a picture joins the first cluster whose best picture it is alike, not one that only its members are alike', (t) => {
  t.deepEqual(names(clusterRanking(ranking, least, 10)), ['a c g', 'b d', 'e', 'f']) // e is alike c, 8 degrees away, but not a
  t.deepEqual(names(clusterRanking(ranking, least, 2)), ['a c g', 'b d'], 'places are filled in order of rank; what is alike comes from further down')
  t.deepEqual(names(clusterRanking(ranking, Math.cos(Math.PI / 4), 10)), ['a c e g', 'b d', 'f'])
  t.deepEqual(names(clusterRanking([], least, 3)), [])
})

test('of two clusters that a picture is alike, it joins the one that ranks higher', (t) => {
  t.deepEqual(names(clusterRanking([at('a', 0, 0.9), at('b', 12, 0.8), at('c', 9, 0.7)], least, 10)), ['a c', 'b'])
})

test('the least cosine lies between that of most pairs and 1', (t) => {
  // 0, 60, 90 and 180 degrees: cosines 0.5, 0, -1, cos 30 = 0.866, cos 120 = -0.5, cos 90 = 0; sorted -1 -0.5 0 0 0.5 0.866, a quarter of the way: -0.125 (at 1.25)
  const sample = Float32Array.from([0, 60, 90, 180].flatMap((degrees) => [...at('', degrees, 0).vector]))
  const usual = -0.5 + 0.25 * 0.5
  for (const alike of [0, 0.5, 0.85]) t.true(Math.abs(leastCosine(alike, usualCosine(sample, 2)) - (usual + alike * (1 - usual))) < 1e-6, `${alike}`)
  t.is(leastCosine(0.85, usualCosine(sample.subarray(0, 2), 2)), 0.85, 'one picture has no pairs')
  const copies = Float32Array.of(0.6, 0.8, 0.6, 0.8)
  t.true(leastCosine(0.85, usualCosine(copies, 2)) < 1, 'copies are alike where there is nothing else, too')
})

test('the ranking is followed down until there are as many clusters as asked for, or no more pictures', (t) => {
  const burst = Array.from({ length: 200 }, (_, i) => at(`burst ${i}`, i / 100, 1 - i / 1000))
  const pictures = [...burst, at('other', 90, 0.1), at('last', 180, 0)]
  const asked: number[] = []
  const rank = (count: number) => {
    asked.push(count)
    return pictures.slice(0, count)
  }
  const clusters = findClusters(rank, pictures.length, least, 2)
  t.deepEqual([clusters.map(({ best }) => best.path), clusters[0]!.alike.length], [['burst 0', 'other'], 199])
  t.deepEqual(asked, [32, 128, 512])
  t.deepEqual(
    names(findClusters(rank, pictures.length, least, 5)).map((name) => name.split(' ').at(-1)),
    ['199', 'other', 'last'],
  )
  t.deepEqual([reach(10), reach(100)], [40, 200])
  t.deepEqual(names(findClusters(rank, pictures.length, Infinity, 3)), ['burst 0', 'burst 1', 'burst 2'], 'alike 1: each its own')
  t.is(leastCosine(1, usualCosine(Float32Array.of(1, 0, 1, 0), 2)), Infinity)
})

test('a reply keeps every picture, and says of each whether it fits', (t) => {
  t.deepEqual(placesOf(clusterRanking(ranking, least, 2), 0.65), [
    {
      rank: 1,
      score: 0.9,
      path: 'a',
      fits: true,
      alike: [
        { score: 0.7, path: 'c', fits: true },
        { score: 0.3, path: 'g', fits: false },
      ],
    },
    { rank: 2, score: 0.8, path: 'b', fits: true, alike: [{ score: 0.6, path: 'd', fits: false }] },
  ])
  t.deepEqual(placesOf(clusterRanking(ranking.slice(0, 1), least, 2), undefined), [{ rank: 1, score: 0.9, path: 'a', alike: [] }])
})
