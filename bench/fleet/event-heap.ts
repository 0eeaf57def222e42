/** Gives back what was put into it by time, the earliest first: a binary heap. */
export function eventHeap<E extends { at: number }>() {
  const heap: E[] = []
  const isBefore = (a: number, b: number): boolean => heap[a]!.at < heap[b]!.at
  const swap = (a: number, b: number): void => {
    const one = heap[a]!
    heap[a] = heap[b]!
    heap[b] = one
  }
  return {
    push(event: E): void {
      heap.push(event)
      for (let at = heap.length - 1; at > 0; ) {
        const parent = (at - 1) >> 1
        if (!isBefore(at, parent)) break
        swap(at, parent)
        at = parent
      }
    },
    pop(): E | undefined {
      if (heap.length === 0) return undefined
      swap(0, heap.length - 1)
      const first = heap.pop()
      for (let at = 0; ; ) {
        const [left, right] = [2 * at + 1, 2 * at + 2]
        let least = at
        if (left < heap.length && isBefore(left, least)) least = left
        if (right < heap.length && isBefore(right, least)) least = right
        if (least === at) return first
        swap(at, least)
        at = least
      }
    },
  }
}
