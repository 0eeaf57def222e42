import type { IndexReply } from '../search/index/update.ts'

/** What an approximate index was measured to keep, in one line. */
export function recallText({ pictures, words, queries }: NonNullable<IndexReply['recall']>): string {
  return `recall@10 against exact search ${words.toFixed(3)} for words, ${pictures.toFixed(3)} for pictures (${queries} queries)`
}
