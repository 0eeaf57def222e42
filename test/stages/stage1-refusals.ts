import type { Expected } from '../user-error.ts'

/** Settings that stage 1 refuses before it learns anything (DIR is the folder of the test), the fields of the error, and the table that is read. */
export const refused: Record<string, [object, Expected, string?]> = {
  'class-embed without a class column': [
    { objective: 'task,class-embed' },
    { where: /class-embed/, got: /24 images, no two of one class/ },
    'plain.csv',
  ],
  'class-embed with classes of one image each': [
    { objective: 'task,class-embed', classColumn: 'serial' },
    { expected: /a class column/, got: /24 images, no two of one class in column serial/ },
    'farms.csv',
  ],
  'a class column that is not there': [
    { objective: 'task,class-embed', classColumn: 'farms' },
    { where: /--class-column farms/, got: 'farms', hint: /Did you mean farm\?/ },
    'farms.csv',
  ],
  'a class column where there is none': [
    { objective: 'task,anchor', classColumn: 'class' },
    { where: /--class-column class/, expected: /a column of plain \(it has none beside images and captions\)/ },
    'plain.csv',
  ],
  'class-embed with a teacher at every step': [
    { objective: 'task,class-embed', variants: 0 },
    { where: /class-embed/, got: /--variants 0/ },
  ],
  'hidden without a teacher that shows it': [
    { objective: 'task,hidden' },
    { where: /--objective hidden/, expected: /a teacher that shows what is inside its image tower/ },
  ],
  'attention over other tokens': [
    { objective: 'task,attention-image', innerTeacher: 'DIR/second' },
    { expected: /17 tokens in the teacher's image tower/, got: '37' },
  ],
  'attention over images that lack patches, as they do by default': [
    { objective: 'task,attention-image', innerTeacher: 'DIR/first', keepPatches: 0.5 },
    { where: /--objective attention-image/, got: /--keep-patches 0\.5/, hint: /Set --keep-patches 1/ },
  ],
  'gates of another size': [
    { objective: 'task,gates-text', innerTeacher: 'DIR/first' },
    {
      where: /--objective gates-text/,
      expected: /a teacher whose text tower has the student's layers and widths, 1280 channels at its gates/,
      got: '48',
    },
  ],
  'shrinking against a teacher that runs at every step': [
    {
      objective: 'task,gates',
      tokenizer: undefined,
      init: 'DIR/first',
      innerTeacher: 'DIR/first',
      variants: 0,
      shrink: true,
      fade: 1,
      resetEvery: 1,
    },
    { where: /--shrink/, got: /--variants 0/ },
  ],
  'specialists without an objective for the own space': [
    { objective: 'fd', specialists: ['fr=DIR/second'] },
    { expected: /task, crd, siglip or anchor/, got: 'fd' },
  ],
  'a specialist of a foreign language': [{ specialists: ['zh=DIR/second'] }, { where: /--specialists .*/, got: 'zh' }],
  'a pivot that is none of the languages': [{ pivot: 'en' }, { where: /--pivot en/, got: 'en' }],
  'a pivot where tokens are compared': [
    { objective: 'fd,task,hidden-text', innerTeacher: 'DIR/first', pivot: 'de' },
    { where: /--pivot de/, got: 'hidden' },
  ],
  'inheriting more than there is': [
    { tokenizer: undefined, student: 'tiny', inherit: 'DIR/first' },
    { where: /--inherit/, expected: /at most the source's image layers, 1/, got: '3' },
  ],
  'a context length beside a tokenizer that has its own': [
    { contextLength: 6 },
    { where: /--tokenizer .*words/, expected: /its own context length/ },
  ],
  'an algorithm beside a tokenizer that is trained': [
    { tokenizerAlgorithm: 'unigram' },
    { where: /--tokenizer .*words/, expected: /its own algorithm/ },
  ],
  'patches that do not fill the image': [{ patchSize: 5 }, { where: /--patch-size/, expected: /a divisor of 32/, got: '5', hint: '8 is usual.' }],
  'patches of another size than those of init': [
    { tokenizer: undefined, init: 'DIR/first', patchSize: 16 },
    { where: /--init .*first/, expected: /patches of 16 px, as --patch-size says/, got: /8 px/ },
  ],
  'beginning with a student of other images': [
    { tokenizer: undefined, init: 'DIR/second', imageSize: 32 },
    { where: /--init .*second/, expected: /images of 32 px, as --image-size says/, got: /48 px/ },
  ],
  'a ramp of augmentations that are stored': [{ ramp: 0.5 }, { where: /--ramp 0\.5/, expected: '--targets plain', got: 'augmented' }],
  'plain targets of a teacher at every step': [
    { targets: 'plain', variants: 0 },
    { where: /--targets plain/, got: /--variants 0/ },
  ],
  'plain targets where layers of one picture are compared': [
    { targets: 'plain', objective: 'task,hidden-image', innerTeacher: 'DIR/first' },
    { where: /--targets plain/, got: 'hidden' },
  ],
  'two specialists of one language': [{ specialists: ['fr=DIR/second', 'de+fr=DIR/first'] }, { got: /fr twice/ }],
  'a weight that is none': [{ ensemble: ['DIR/second:0'] }, { where: /--ensemble .*/, expected: /DIR or DIR:WEIGHT/ }],
  'a setting of an objective that is not asked for': [
    { crdAlpha: 0.5, objective: 'task' },
    { where: /--crd-alpha/, got: 'task' },
  ],
  'a setting of mfd beside fd': [
    { mfdKeep: 0.5, objective: 'task,fd' },
    { where: /--mfd-keep/, got: 'task,fd' },
  ],
  'more teachers, whose features nothing uses': [
    { ensemble: ['DIR/second'], objective: 'task' },
    { where: /--ensemble/, expected: /an objective that uses teacher features/ },
  ],
  'one tower learning through an adapter': [
    { objective: 'fd-image', embedDim: 12 },
    { where: /--objective/, expected: /objectives for both towers, .* 12 dimensions/, got: /fd-image: the image tower alone/ },
  ],
  'a flag of shrinking without it': [{ lasso: 2 }, { where: /--lasso/, got: 'none' }],
  'looking for useless channels without gates': [
    { shrink: true, resetEvery: 5 },
    { where: /--reset-every/, expected: /objective gates/ },
  ],
  'fading channels that nothing finds': [
    { objective: 'task,hidden', innerTeacher: 'DIR/first', shrink: true, fade: 5 },
    { where: /--fade/, expected: /objective gates/ },
  ],
  'an inner teacher that nothing looks into': [
    { objective: 'task,fd', innerTeacher: 'DIR/nowhere' },
    { where: /--inner-teacher/, got: 'task,fd' },
  ],
  'a column of classes that nothing asks for': [
    { objective: 'task,fd', classColumn: 'farm' },
    { where: /--class-column/, got: 'task,fd' },
    'farms.csv',
  ],
  'a look for useless channels that comes too late': [
    { objective: 'task,gates', tokenizer: undefined, init: 'DIR/first', innerTeacher: 'DIR/first', shrink: true, fade: 400 },
    { where: /--shrink/, got: /--fade 400, --reset-every 25/ },
  ],
  'a pivot of teachers whose features nothing uses': [
    { objective: 'task', pivot: 'de' },
    { where: /--pivot/, expected: /an objective that uses teacher features/ },
  ],
  'a size beside a student that has one': [
    { tokenizer: undefined, init: 'DIR/first', student: '64x2-64x2' },
    { where: /--init .*first/, expected: /the size 64x2-64x2, as --student says/, got: '16x1-16x1' },
  ],
  'a specialist without a language': [{ specialists: ['DIR/second'] }, { expected: /LANG=DIR or LANG\+LANG=DIR:WEIGHT/ }],
}
