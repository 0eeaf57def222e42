export interface Inputs {
  query: HTMLInputElement
  file: HTMLInputElement
  form: HTMLFormElement
}

export interface Handlers {
  words(text: string): void
  picture(file: File): void
}

/** Listens to all the ways in which words and pictures come in: typing, choosing, dropping anywhere on the page, pasting. */
export function listen({ query, file, form }: Inputs, handlers: Handlers): void {
  // While an input method is composing, the field holds letters that are not yet words.
  query.addEventListener('input', (event) => {
    if (!(event as InputEvent).isComposing) handlers.words(query.value)
  })
  query.addEventListener('compositionend', () => handlers.words(query.value))
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    handlers.words(query.value)
  })
  file.addEventListener('change', () => {
    const [chosen] = file.files ?? []
    if (chosen) handlers.picture(chosen)
    file.value = '' // so that choosing the same file again counts
  })
  listenToDrops(handlers)
  document.addEventListener('paste', (event) => {
    const [pasted] = event.clipboardData?.files ?? []
    if (!pasted) return
    event.preventDefault()
    handlers.picture(pasted)
  })
}

function listenToDrops(handlers: Handlers): void {
  let depth = 0 // dragenter and dragleave come for every element that is crossed
  const mark = (change: number) => {
    depth = Math.max(0, depth + change)
    document.body.classList.toggle('dropping', depth > 0)
  }
  const carriesFile = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false
  document.addEventListener('dragenter', (event) => carriesFile(event) && mark(1))
  document.addEventListener('dragleave', (event) => carriesFile(event) && mark(-1))
  document.addEventListener('dragover', (event) => {
    if (carriesFile(event)) event.preventDefault()
  })
  document.addEventListener('drop', (event) => {
    if (!carriesFile(event)) return
    event.preventDefault()
    mark(-depth)
    const [dropped] = event.dataTransfer!.files
    if (dropped) handlers.picture(dropped)
  })
}
