import type { Picture } from '../material.ts'
import { clip } from './clip.ts'
import { html, type Markup } from './markup.ts'

/** A thumbnail on white, as the model saw it. */
export function picture({ url, label }: Picture, side: number): Markup {
  return html`<img class="thumb" src="${url}" alt="${clip(label)}" title="${clip(label)}" width="${side}" height="${side}">`
}
