import type { Markup } from './markup.ts'

/** A part of the page with a heading of its own. */
export interface Section {
  id: string
  title: string
  body: Markup
}
