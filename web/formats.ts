import { element } from './element.ts'
import { type Format, megabytes } from './site.ts'

/** A switch between the model's number formats; with one format there is nothing to switch. */
export function showFormats(fieldset: HTMLFieldSetElement, formats: Format[], choose: (format: Format) => void): void {
  fieldset.hidden = formats.length < 2
  for (const [i, format] of formats.entries()) {
    const input = element('input', { type: 'radio', name: 'format', value: format.dtype, checked: i === 0 })
    input.addEventListener('change', () => choose(format))
    fieldset.append(element('label', { title: megabytes(format.bytes) }, input, element('span', {}, format.dtype)))
  }
}
