import type { Pictures } from './site.ts'

/** Where a picture lies: its sheet, its place in it, and the rows that this sheet has. */
function placeOf({ count, columns, perSheet, sheets }: Pictures, index: number) {
  const sheet = Math.floor(index / perSheet)
  const inSheet = index % perSheet
  const held = Math.min(perSheet, count - sheet * perSheet)
  return {
    file: sheets[sheet]!,
    column: inSheet % columns,
    row: Math.floor(inSheet / columns),
    columns: Math.min(columns, held),
    rows: Math.ceil(held / columns),
  }
}

/** Has an element of any size show one picture of its sheet. */
export function showThumb(element: HTMLElement, pictures: Pictures, index: number): void {
  const { file, column, row, columns, rows } = placeOf(pictures, index)
  const percent = (step: number, steps: number) => `${steps > 1 ? (100 * step) / (steps - 1) : 0}%`
  element.style.backgroundImage = `url("${new URL(file, document.baseURI).href}")`
  element.style.backgroundSize = `${columns * 100}% ${rows * 100}%`
  element.style.backgroundPosition = `${percent(column, columns)} ${percent(row, rows)}`
}

/** Draws one picture of its sheet on a canvas of its size. */
export async function drawThumb(canvas: HTMLCanvasElement, pictures: Pictures, index: number): Promise<void> {
  const { file, column, row } = placeOf(pictures, index)
  const { tile } = pictures
  const image = new Image()
  image.src = file
  await image.decode()
  canvas.width = canvas.height = tile
  canvas.getContext('2d')!.drawImage(image, column * tile, row * tile, tile, tile, 0, 0, tile, tile)
}
