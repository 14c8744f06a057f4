/**
 * Suggests the metadata keys that the use case has had so far, and says when a row's type differs from theirs: the API then keeps
 * two types for the key, and filters find only one of them ("Get Custom Metadata Schema").
 *
 * @param {{t: Function}} form what `visionEventForm` answered
 * @param {object} admin what `visionEventAdmin` answered
 * @param {{section: string, list: string, notes: string, useCase: string, workspace: string}} selectors
 * @param {() => {key: string, valueType: string}[]} rows of the dialog
 */
// eslint-disable-next-line no-unused-vars -- used by the html that includes this
function visionEventMetadataSchema(form, admin, selectors, rows) {
  const { t } = form;
  const TYPE_OF_ROW = { str: 'string', num: 'number', bool: 'boolean' };
  const SUGGESTIONS = 'vision-event-metadata-suggestions';
  let asked;
  let fields = {};

  /** Call in `oneditprepare`, after the rows were made. */
  function prepare() {
    asked = undefined;
    fields = {};
    $(selectors.section)
      .append($('<datalist>').attr('id', SUGGESTIONS))
      .on('toggle', ask)
      .closest('.vision-event-form')
      .on('change keyup input', () => setTimeout(update, 0));
    update();
  }

  function update() {
    ask();
    $(selectors.list).find('.vision-event-metadata-key').attr('list', SUGGESTIONS);
    showDifferences();
  }

  /** Only for a section that is open, a fixed use case and a chosen workspace. Without an answer there is nothing to suggest. */
  async function ask() {
    const useCase = String($(selectors.useCase).val() ?? '').trim();
    const workspace = $(selectors.workspace).val();
    const isFixed = $(`${selectors.useCase}Type`).val() === 'str' && !/^\$\{/.test(useCase);
    if (!$(selectors.section).prop('open') || !isFixed || !useCase || !workspace || workspace === '_ADD_')
      return;
    const path = `workspaces/${encodeURIComponent(workspace)}/metadata-schema/${encodeURIComponent(useCase)}`;
    if (path === asked) return;
    asked = path;
    let found = {};
    try {
      found = (await admin.get(path)).fields;
    } catch {
      // The key may not read, or the use case has no event yet.
    }
    if (path !== asked) return;
    fields = found;
    const options = Object.keys(fields).map((key) => $('<option>').val(key));
    $(`#${SUGGESTIONS}`).empty().append(options);
    showDifferences();
  }

  function showDifferences() {
    const notes = rows().flatMap(({ key, valueType }) => {
      const type = TYPE_OF_ROW[valueType];
      const types = Object.hasOwn(fields, key) ? fields[key].types : [];
      if (!type || types.length === 0 || types.includes(type)) return [];
      return [t('schema.differs', { key, type: nameOf(type), types: types.map(nameOf).reduce(either) })];
    });
    const text = notes.join(' ');
    // Setting it anew each time would have it read out again and again.
    if ($(selectors.notes).text() !== text) $(selectors.notes).text(text);
    $(selectors.notes).prop('hidden', text === '');
  }

  const NAMES = {
    string: () => t('schema.string'),
    number: () => t('schema.number'),
    boolean: () => t('schema.boolean'),
  };
  const nameOf = (type) => NAMES[type]?.() ?? String(type);
  const either = (first, second) => t('schema.or', { first, second });

  return { prepare };
}
