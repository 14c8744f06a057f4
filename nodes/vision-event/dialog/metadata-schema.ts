import { NO_CONFIG_NODE, type Text } from '../../editor/form';
import type { AdminRequests } from '../../editor/live';
import { onceSoon } from '../../editor/once-soon';
import type { MetadataRow } from '../../shared/properties';

/** What the use case has had so far, by the key. */
type Fields = Record<string, { types: string[] }>;

interface Selectors {
  section: string;
  list: string;
  notes: string;
  useCase: string;
  workspace: string;
}

const TYPE_OF_ROW: Partial<Record<string, string>> = { str: 'string', num: 'number', bool: 'boolean' };
const SUGGESTIONS = 'vision-event-metadata-suggestions';

/**
 * Suggests the metadata keys that the use case has had so far, and says when a row's type differs from theirs: the API
 * then keeps two types for the key, and filters find only one of them ("Get Custom Metadata Schema").
 *
 * @param rows of the dialog
 */
export function createMetadataSchema(
  form: { t: Text },
  admin: AdminRequests,
  selectors: Selectors,
  rows: () => MetadataRow[],
) {
  const { t } = form;
  let asked: string | undefined;
  let fields: Fields = {};

  /** Call in `oneditprepare`, after the rows were made. */
  function prepare() {
    asked = undefined;
    fields = {};
    $(selectors.section)
      .append($('<datalist>').attr('id', SUGGESTIONS))
      .on('toggle', () => void ask())
      .closest('.vision-event-form')
      .on('change keyup input', onceSoon(update));
    update();
  }

  function update() {
    void ask();
    $(selectors.list).find('.vision-event-metadata-key').attr('list', SUGGESTIONS);
    showDifferences();
  }

  /**
   * Only for a section that is open, a fixed use case and a chosen workspace. Without an answer there is nothing to
   * suggest.
   */
  async function ask() {
    const useCase = String($(selectors.useCase).val() ?? '').trim();
    const workspace = String($(selectors.workspace).val() ?? '');
    const isFixed = $(`${selectors.useCase}Type`).val() === 'str' && !/^\$\{/.test(useCase);
    if (
      !$(selectors.section).prop('open') ||
      !isFixed ||
      !useCase ||
      !workspace ||
      workspace === NO_CONFIG_NODE
    )
      return;
    const path = `workspaces/${encodeURIComponent(workspace)}/metadata-schema/${encodeURIComponent(useCase)}`;
    if (path === asked) return;
    asked = path;
    let found: Fields = {};
    try {
      found = (await admin.get<{ fields: Fields }>(path)).fields;
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
      const types = (Object.hasOwn(fields, key) ? fields[key]?.types : undefined) ?? [];
      if (!type || types.length === 0 || types.includes(type)) return [];
      return [t('schema.differs', { key, type: nameOf(type), types: types.map(nameOf).reduce(either) })];
    });
    const text = notes.join(' ');
    // Setting it anew each time would have it read out again and again.
    if ($(selectors.notes).text() !== text) $(selectors.notes).text(text);
    $(selectors.notes).prop('hidden', text === '');
  }

  const NAMES: Partial<Record<string, () => string>> = {
    string: () => t('schema.string'),
    number: () => t('schema.number'),
    boolean: () => t('schema.boolean'),
  };
  const nameOf = (type: string) => NAMES[type]?.() ?? String(type);
  const either = (first: string, second: string) => t('schema.or', { first, second });

  return { prepare };
}
