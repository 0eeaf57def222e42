import { progress } from '../../base/progress.ts'
import type { Database } from './database.ts'
import { bytesOf } from './store.ts'

/**
 * The approximate index: libsql's DiskANN graph over a table of its own, so that it can be left out, filled piece by piece and dropped.
 * Neighbours are kept at 8 bits a component; found rows are scored exactly afterwards. Degree and search list are a compromise between
 * size and recall (docs/log.md).
 */
const settings = ['metric=cosine', 'compress_neighbors=float8', 'max_neighbors=20', 'search_l=100']
/** The search list holds 100 candidates: longer answers than half of it are exact ones. */
export const mostByGraph = 50
/** Rows a transaction: an interrupted filling loses no more. */
const portion = 64

/** Makes the empty graph where there is none. dim E */
export function createGraph(db: Database, dim: number): void {
  if (hasGraph(db)) return
  db.run(`CREATE TABLE graph (id INTEGER PRIMARY KEY, vector F32_BLOB(${dim}))`)
  db.run(`CREATE INDEX graph_index ON graph (libsql_vector_idx(vector, ${settings.map((setting) => `'${setting}'`).join(', ')}))`)
}

export function dropGraph(db: Database): void {
  db.run('DROP TABLE IF EXISTS graph')
}

/** Brings the graph into step with the images, a portion a transaction; shows progress. Goes on where a killed process stopped. */
export function fillGraph(db: Database): void {
  db.transaction(() => db.run('DELETE FROM graph WHERE id NOT IN (SELECT id FROM images WHERE vector IS NOT NULL)'))
  const missing = db.all('SELECT id FROM images WHERE vector IS NOT NULL AND id NOT IN (SELECT id FROM graph) ORDER BY id').map(({ id }) => id!)
  if (missing.length === 0) return
  const bar = progress('graph', missing.length, 'images')
  try {
    for (let from = 0; from < missing.length; from += portion) {
      const ids = missing.slice(from, from + portion)
      db.transaction(() => {
        for (const id of ids) db.run('INSERT INTO graph (id, vector) SELECT id, vector FROM images WHERE id = ?', [id])
      })
      bar.update(from + ids.length)
    }
  } finally {
    bar.stop()
  }
}

/** Ids of about the `count` nearest embeddings, in no order that counts. */
export function nearInGraph(db: Database, query: Float32Array, count: number): number[] {
  return db.all(`SELECT id FROM vector_top_k('graph_index', ?, ${Math.trunc(count)})`, [bytesOf(query)]).map(({ id }) => Number(id))
}

function hasGraph(db: Database): boolean {
  return db.all("SELECT 1 FROM sqlite_master WHERE name = 'graph_index'").length > 0
}
