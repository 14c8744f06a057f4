import { adminError, makeButton, makeElement, sharedText, type AdminRequests } from './live';
import { connectionOf, type Connection } from './workspaces';

interface UseCase {
  id: string;
  name: string;
}

interface Place {
  /** selector of the plain or typed input that takes the id */
  field: string;
  connection: () => Connection | undefined;
  /** false where the active use cases are the wrong ones */
  isOffered?: () => boolean;
}

/** Of a node: the use cases of the workspace that its dialog chose, deployed or not. */
export const ofChosenWorkspace: Place = {
  field: '#node-input-useCase',
  connection: () => connectionOf($('#node-input-workspace').val()),
};

/**
 * A searchable list of a workspace's use cases beneath the field, and a way to create one.
 * Nothing is asked of the API before somebody opens the list.
 */
export function createUseCasePicker(
  admin: AdminRequests,
  { field, connection, isOffered = () => true }: Place,
) {
  const t = sharedText;
  /** Unlike that of another dialog which is open beneath. */
  const listId = `vision-event-use-cases-of-${field.slice(1)}`;
  let useCases: UseCase[] | undefined;
  /** the connection that they are from, as JSON */
  let asked: string | undefined;
  let open = false;
  let beside: HTMLElement;
  let toggle: HTMLButtonElement;
  let name: HTMLElement;
  let panel: HTMLElement;
  let search: HTMLInputElement;
  let list: HTMLElement;
  let message: HTMLElement;
  let active = -1;

  const chosen = () => JSON.stringify(connection());
  const isTyped = () => $(`${field}Type`).length > 0;
  const isFixed = () => !isTyped() || $(`${field}Type`).val() === 'str';

  /** Call in `oneditprepare`, after the typed inputs were made. */
  function prepare() {
    useCases = undefined;
    asked = undefined;
    open = false;
    active = -1;
    toggle = makeButton(t('useCase.choose'), 'fa fa-list', () => (open ? hide() : show()));
    toggle.setAttribute('aria-expanded', 'false');
    name = makeElement('span', { class: 'vision-event-chosen', 'aria-live': 'polite' });
    search = makeElement('input', {
      type: 'text',
      autocomplete: 'off',
      role: 'combobox',
      'aria-expanded': 'true',
      'aria-controls': listId,
      'aria-label': t('useCase.search'),
      placeholder: t('useCase.search'),
      maxlength: 256,
    });
    list = makeElement('ul', { id: listId, role: 'listbox', 'aria-label': t('useCase.list') });
    message = makeElement('div', { class: 'vision-event-picker-message', 'aria-live': 'polite' });
    const refresh = makeButton('', 'fa fa-refresh', () => load());
    refresh.setAttribute('aria-label', t('useCase.refresh'));
    refresh.title = t('useCase.refresh');
    panel = makeElement(
      'div',
      { class: 'vision-event-picker', hidden: '' },
      makeElement('div', { class: 'vision-event-pair' }, search, refresh),
      list,
      message,
    );
    beside = makeElement(
      'div',
      { class: 'vision-event-beside' },
      makeElement('div', { class: 'vision-event-pair' }, toggle, name),
      panel,
    );
    $(field).closest('.form-row').append(beside);
    search.addEventListener('input', () => {
      active = -1;
      draw();
    });
    search.addEventListener('keydown', onKey);
    $(field).on('change', () => {
      update();
      showName();
    });
    update();
  }

  /** Call when what `isOffered` answers may have changed. */
  function update() {
    beside.hidden = !isFixed() || !isOffered();
  }

  function show() {
    open = true;
    panel.hidden = false;
    toggle.setAttribute('aria-expanded', 'true');
    search.value = '';
    search.focus();
    if (useCases && asked === chosen()) draw();
    else void load();
  }

  function hide() {
    open = false;
    panel.hidden = true;
    toggle.setAttribute('aria-expanded', 'false');
  }

  async function load() {
    useCases = undefined;
    const own = chosen();
    asked = own;
    draw();
    const body = connection();
    if (!body) return say(t('useCase.noWorkspace'));
    say(t('useCase.loading'));
    try {
      const answer = await admin.post<{ useCases: UseCase[] }>('use-cases/list', body);
      if (own !== asked) return;
      useCases = answer.useCases;
      draw();
      showName();
    } catch (error) {
      if (own === asked) say(reasonOf(error, 'useCase.cannotList'), true);
    }
  }

  async function create(newName: string) {
    say(t('useCase.loading'));
    try {
      const created = await admin.post<UseCase>('use-cases/create', { ...connection(), name: newName });
      useCases = [...(useCases ?? []), created];
      choose(created);
    } catch (error) {
      say(reasonOf(error, 'useCase.cannotCreate'), true);
    }
  }

  function reasonOf(error: unknown, key: string): string {
    const { code, message: reason } = adminError(error);
    return code === 'KEY_NEEDED' ? t('useCase.addressChanged') : t(key, { reason });
  }

  function say(text: string, isWrong = false) {
    message.textContent = text;
    message.classList.toggle('vision-event-note-wrong', isWrong);
  }

  const matching = () => {
    const wanted = search.value.trim().toLowerCase();
    return (useCases ?? []).filter((each) => `${each.name} ${each.id}`.toLowerCase().includes(wanted));
  };

  function draw() {
    const found = matching();
    const current = String($(field).val());
    list.replaceChildren(...found.map((each, place) => option(each, place, each.id === current)));
    search.setAttribute('aria-activedescendant', active >= 0 ? `${listId}-${active}` : '');
    say(
      useCases && found.length === 0 ? t(useCases.length === 0 ? 'useCase.none' : 'useCase.noneFound') : '',
    );
    const newName = search.value.trim();
    const exists = (useCases ?? []).some((each) => each.name.toLowerCase() === newName.toLowerCase());
    if (!useCases || newName === '' || exists || !admin.mayDeploy()) return;
    const item = makeElement('li', { role: 'presentation', class: 'vision-event-create' });
    item.append(makeButton(t('useCase.create', { name: newName }), 'fa fa-plus', () => create(newName)));
    list.append(item);
  }

  function option(useCase: UseCase, place: number, isCurrent: boolean): HTMLElement {
    const item = makeElement(
      'li',
      {
        role: 'option',
        id: `${listId}-${place}`,
        'aria-selected': String(isCurrent),
        class: place === active ? 'vision-event-active' : undefined,
      },
      makeElement('span', {}, useCase.name),
      makeElement('code', {}, useCase.id),
    );
    item.addEventListener('click', () => choose(useCase));
    return item;
  }

  function onKey(event: KeyboardEvent) {
    const found = matching();
    const step = ({ ArrowDown: 1, ArrowUp: -1 } as Record<string, number>)[event.key];
    if (step && found.length > 0) {
      active = (active + step + found.length) % found.length;
      draw();
      list.children[active]?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter') {
      const only = found.length === 1 ? found[0] : undefined;
      const picked = found[active] ?? only;
      if (picked) choose(picked);
    } else if (event.key === 'Escape') {
      hide();
      toggle.focus();
    } else return;
    // Else Escape and Enter would close the whole dialog.
    event.preventDefault();
    event.stopPropagation();
  }

  function choose({ id }: UseCase) {
    hide();
    if (isTyped()) $(field).typedInput('value', id);
    else $(field).val(id);
    $(field).trigger('change');
    showName();
    toggle.focus();
  }

  /** Beside the button: what the id in the field is called, once the list is known. */
  function showName() {
    const id = String($(field).val());
    const known = useCases?.find((each) => each.id === id);
    if (known) name.textContent = t('useCase.name', { name: known.name });
    else name.textContent = useCases && id !== '' ? t('useCase.notListed') : '';
  }

  return { prepare, update };
}
