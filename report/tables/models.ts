import { megabytes, parameterCount, totalParameters } from '../format.ts'
import { modelNames, type Report, type ReportModel, type ReportResult } from '../schema.ts'
import { type ReportTable, type TableCell, withColumns } from './table.ts'

/** Size, parameters and time of every model in every number format; undefined without models. */
export function modelTable(report: Report): ReportTable | undefined {
  const rows = modelNames.flatMap((name) => {
    const model = report.models[name]
    return model ? sizeRows(model.name ? `${name} (${model.name})` : name, model) : []
  })
  if (rows.length === 0) return undefined
  const table = { title: 'both towers, token tables included', columns: [{ title: 'model', isText: true }, ...sizeColumns], rows }
  const isTimed = rows.some((row) => row[6] !== '–')
  return isTimed ? table : withColumns(table, ({ title }) => !title.startsWith('ms / '))
}

/** The columns of sizeRows after the first. */
export const sizeColumns = [
  { title: 'format', isText: true },
  { title: 'size' },
  { title: 'image', about: 'parameters of the image tower' },
  { title: 'text', about: 'parameters of the text tower, token table included' },
  { title: 'parameters' },
  { title: 'ms / image', about: 'median time for one image' },
  { title: 'ms / text', about: 'median time for one text' },
]

/** A row a number format of one model: label, format, size, parameters of each tower and of both, milliseconds for an image and a text. */
export function sizeRows(label: string, model: ReportModel): TableCell[][] {
  const { image, text } = model.parameters
  const count = (value: number) => ({ text: parameterCount(value), value })
  return formatsOf(model).map((dtype) => {
    const bytes = dtype && model.bytes[dtype]
    const time = dtype && model.latency?.[dtype]
    return [
      label,
      dtype ?? '–',
      bytes === undefined ? '–' : { text: megabytes(bytes), value: bytes },
      count(image),
      count(text),
      count(totalParameters(model)),
      time ? time.image.toFixed(2) : '–',
      time ? time.text.toFixed(2) : '–',
    ]
  })
}

function formatsOf({ bytes, latency = {} }: ReportModel): (ReportResult['dtype'] | undefined)[] {
  const formats = [...new Set([...Object.keys(bytes), ...Object.keys(latency)])] as ReportResult['dtype'][]
  return formats.length > 0 ? formats : [undefined]
}
