import { fits, isEmpty, type NumberRule } from '../shared/number-rules';
import './form.css';
import { onceSoon } from './once-soon';

/** A text of the node type's catalogue. */
export type Text = (key: string, values?: Record<string, unknown>) => string;
/** Reads a property: from the open dialog, else as it was saved. */
export type Read<Property extends string = string> = (property: Property) => unknown;
/**
 * A reason against the value of a property, or undefined.
 *
 * @param read reads the other properties
 */
export type Check<Property extends string = string> = (
  value: unknown,
  read: Read<Property>,
  t: Text,
) => string | undefined;
export type Checks<Property extends string> = Partial<Record<Property, Check<Property>>>;

export interface FormOptions<Property extends string> {
  prefix: 'node-input' | 'node-config-input';
  /** names and defaults of the properties, from `shared/properties.ts` */
  defaults: Readonly<Partial<Record<Property, unknown>>>;
  /** the properties that hold a config node, each with its type */
  configNodes?: Partial<Record<Property, string>>;
  /** the properties that Node-RED keeps apart from the flow */
  credentials?: readonly Property[];
  /** what the runtime would refuse: it makes the red triangle */
  refuse: Checks<Property>;
  /** what the API would accept with a warning: it shows in the dialog only, unless the node refuses warnings */
  doubt?: Checks<Property>;
  /** what is accepted, but is probably a mistake, such as a row without a name: it shows in the dialog only */
  hint?: Checks<Property>;
  doubtRefuses?: (read: Read<Property>) => boolean;
}

/** What the parts of a dialog need of its form. */
export type FormTexts = Pick<
  ReturnType<typeof createForm<string>>,
  't' | 'refresh' | 'nameParts' | 'bindLabel'
>;
export type FormValues = Pick<ReturnType<typeof createForm<string>>, 't' | 'values'>;

/** What is found wrong with a property, and whether it differs from its default. */
interface Found {
  wrong: string | undefined;
  doubtful: string | undefined;
  set: boolean;
}

/** What Node-RED's list of config nodes holds while none is chosen. */
export const NO_CONFIG_NODE = '_ADD_';

/** What the dialogs of all nodes share: reasons for what is wrong, sections that fold, typed inputs with labels. */
export function createForm<Property extends string>(type: string, options: FormOptions<Property>) {
  const {
    prefix,
    refuse,
    doubt = {},
    hint = {},
    configNodes = {},
    credentials = [],
    doubtRefuses,
  } = options as FormOptions<string>;
  const defaults: Readonly<Record<string, unknown>> = options.defaults;
  const properties = [...Object.keys(defaults), ...credentials];
  const form = `.vision-event-form[data-form="${type}"]`;
  const catalogue = `@vision-events/node-red-roboflow/${type}:${type}.`;
  /** The node whose dialog is open; its dialog knows better than its saved properties. */
  let openNode: EditorNode | undefined;
  /** Properties that no input of the dialog holds, such as lists: name to a function that reads them. */
  let widgets: Record<string, () => unknown> = {};

  const t: Text = (key, values) => RED._(catalogue + key, values);
  const input = (property: string) => $(`#${prefix}-${property}`);

  /** A flow saved by an older release lacks newer properties: it means their defaults, here as in the runtime. */
  const orDefault = (property: string, value: unknown) => value ?? defaults[property] ?? '';

  function reader(node: EditorNode): Read {
    return (property) => {
      if (node === openNode) {
        const widget = widgets[property];
        if (widget) return widget();
        const field = input(property);
        if (field.is(':checkbox')) return field.prop('checked') as boolean;
        if (field.length > 0) return field.val();
      }
      return orDefault(property, node[property]);
    };
  }

  const refusal = (property: string, value: unknown, read: Read) => {
    const reason = refuse[property]?.(value, read, t);
    if (reason !== undefined || !doubtRefuses?.(read)) return reason;
    return doubt[property]?.(value, read, t);
  };

  /** Node-RED takes a returned text as reason only from a validator with exactly two parameters. */
  function validator(property: string): EditorProperty['validate'] {
    return function (value, _options) {
      return refusal(property, orDefault(property, value), reader(this)) ?? true;
    };
  }

  function note(row: JQuery, text: string | undefined, kind: 'wrong' | 'doubtful') {
    let line = row.children('.vision-event-note[data-live]');
    if (!text) {
      line.remove();
      return;
    }
    if (line.length === 0)
      line = $('<div class="vision-event-note" data-live aria-live="polite"></div>').appendTo(row);
    line
      .text(text)
      .toggleClass('vision-event-note-wrong', kind === 'wrong')
      .toggleClass('vision-event-note-doubtful', kind === 'doubtful');
  }

  /** Says beneath each field what is wrong with it, and in each heading how much is set or wrong inside. */
  function refresh() {
    if (!openNode) return;
    const read = reader(openNode);
    const found: Record<string, Found> = {};
    const notes = new Map<HTMLElement, Omit<Found, 'set'>>();
    for (const property of properties) {
      const row = placeOf(property).closest<HTMLElement>('.form-row');
      if (isTypeOfAnother(property) || row.closest('[hidden]').length > 0) continue;
      const value = read(property);
      const substituted = /^\$\{[a-zA-Z_][a-zA-Z0-9_]*\}$/.test(String(value));
      const wrong = substituted ? undefined : refusal(property, value, read);
      const doubtful =
        substituted || wrong !== undefined
          ? undefined
          : (doubt[property]?.(value, read, t) ?? hint[property]?.(value, read, t));
      found[property] = { wrong, doubtful, set: isSet(property, value, read) };
      const [place] = row;
      if (place && (!notes.has(place) || wrong !== undefined)) notes.set(place, { wrong, doubtful });
    }
    for (const [row, { wrong, doubtful }] of notes) {
      note($(row), wrong ?? doubtful, wrong === undefined ? 'doubtful' : 'wrong');
    }
    $(`${form} .vision-event-section`).each(function () {
      heading($(this), found);
    });
  }

  /** A widget that shows no reasons of its own is marked with `data-notes`. */
  function placeOf(property: string): JQuery {
    const own = input(property);
    return own.length > 0 ? own : $(`${form} [data-property="${property}"][data-notes]`);
  }

  const isTypeOfAnother = (property: string) =>
    property.endsWith('Type') && property.slice(0, -4) in defaults;

  function isSet(property: string, value: unknown, read: Read): boolean {
    const initial = defaults[property] ?? '';
    if (value === NO_CONFIG_NODE) return false;
    if (Array.isArray(initial)) return JSON.stringify(value) !== JSON.stringify(initial);
    const typeProperty = `${property}Type`;
    const otherType = typeProperty in defaults && read(typeProperty) !== defaults[typeProperty];
    return otherType || String(value ?? '') !== String(initial);
  }

  function heading(section: JQuery, found: Record<string, Found>) {
    const inside = Object.entries(found).filter(([property]) =>
      section[0]?.querySelector(`#${prefix}-${property}, [data-property="${property}"]`),
    );
    const reasons = (kind: 'wrong' | 'doubtful') =>
      inside.map(([, one]) => one[kind]).filter((reason) => reason !== undefined);
    const wrong = reasons('wrong');
    const doubtful = reasons('doubtful');
    const set = inside.filter(([, one]) => one.set).length;
    const state = section.find('> summary .vision-event-state').empty();
    const chip = (style: string, icon: string, text: string, title: string) => {
      const part = $('<span>').addClass(style).attr('title', title);
      if (icon) part.append($('<i>').addClass(icon), ' ');
      part.append(document.createTextNode(text)).appendTo(state);
    };
    if (set > 0) chip('vision-event-state-set', '', t('section.set', { n: set }), '');
    if (doubtful.length > 0) {
      chip(
        'vision-event-state-doubtful',
        'fa fa-exclamation-circle',
        t('section.doubtful', { n: doubtful.length }),
        doubtful.join('\n'),
      );
    }
    if (wrong.length > 0) {
      chip(
        'vision-event-state-wrong',
        'fa fa-exclamation-triangle',
        t('section.wrong', { n: wrong.length }),
        wrong.join('\n'),
      );
    }
    section.toggleClass('vision-event-section-wrong', wrong.length > 0);
  }

  /** Names what the user sees of a typed input, and answers it. */
  function nameParts(element: JQuery, name: string): JQuery {
    const container = element.next('.red-ui-typedInput-container');
    container.find('.red-ui-typedInput-input').attr('aria-label', name);
    container.find('.red-ui-typedInput-option-trigger').attr('aria-label', name);
    container.find('.red-ui-typedInput-option-expand').attr('aria-label', name);
    container.find('.red-ui-typedInput-type-select').attr('aria-label', t('form.typeOf', { label: name }));
    return container;
  }

  /** A label beside a typed input names the hidden original; this binds it to what the user sees. */
  function bindLabel(element: JQuery, label: JQuery) {
    // Node-RED translates the dialog only after `oneditprepare`.
    const container = nameParts(element, RED._(label.find('[data-i18n]').attr('data-i18n') ?? ''));
    label.off('click.vision-event').on('click.vision-event', (event) => {
      event.preventDefault();
      const parts = ['input', 'option-trigger', 'type-select'].map((part) =>
        container.find(`.red-ui-typedInput-${part}`),
      );
      parts.find((part) => part.is(':visible'))?.trigger('focus');
    });
  }

  /**
   * Turns an input into a typed input whose type is kept in `<property>Type`.
   * `placeholders` maps a type to the text shown while the value is empty, `proposals` to the value that an empty one
   * gets when that type is chosen.
   */
  function typed(
    property: Property,
    types: TypedInputTypes,
    placeholders: Record<string, string> = {},
    proposals: Record<string, string> = {},
  ) {
    const element = input(property);
    element.typedInput({ types, typeField: `#${prefix}-${property}Type` });
    let typeBefore = element.typedInput('type');
    const propose = () => {
      const type = element.typedInput('type');
      const isChosenNow = type !== typeBefore;
      typeBefore = type;
      const proposal = proposals[type];
      if (isChosenNow && proposal && isEmpty(element.val())) element.typedInput('value', proposal);
    };
    element.on('change', propose);
    const showPlaceholder = () => {
      const text = placeholders[element.typedInput('type')] ?? '';
      element.next('.red-ui-typedInput-container').find('.red-ui-typedInput-input').attr('placeholder', text);
    };
    element.on('change', showPlaceholder);
    showPlaceholder();
    bindLabel(element, $(`${form} label[for="${prefix}-${property}"]`));
  }

  /**
   * Node-RED makes its buttons beside a config node of links without address and without text: out of the keyboard's
   * reach, and nameless but for a tip under the mouse.
   */
  function reachConfigButtons() {
    for (const [property, configType] of Object.entries(configNodes)) {
      for (const [action, text] of [
        ['edit', 'editor.editConfig'],
        ['add', 'editor.addNewConfig'],
      ] as const) {
        const name = RED._(text, { type: configType });
        $(`#${prefix}-btn-${property}-${action}`)
          .attr({ tabindex: 0, role: 'button', 'aria-label': name })
          .on('keydown', function (event) {
            if (event.key !== 'Enter' && event.key !== ' ') return;
            event.preventDefault();
            $(this).trigger('click');
          });
      }
    }
  }

  /** Call first in `oneditprepare`: gives the inputs of properties that the flow does not have yet their defaults. */
  function fill(node: EditorNode) {
    for (const [property, value] of Object.entries(defaults)) {
      if (node[property] === undefined && !(property in configNodes))
        input(property)
          .not(':checkbox')
          .val(value as string | number);
    }
  }

  /** Call in `oneditprepare`, after the typed inputs were made. `moreWidgets` reads what no input holds. */
  function open(node: EditorNode, moreWidgets: Record<string, () => unknown> = {}) {
    openNode = node;
    widgets = moreWidgets;
    const dialog = $(form);
    reachConfigButtons();
    // Error texts name a setting by its English label and its property: the property is found in every language.
    for (const property of properties)
      dialog.find(`label[for="${prefix}-${property}"]`).attr('title', property);
    dialog.on('change keyup input', onceSoon(refresh));
    refresh();
    dialog.find('.vision-event-section-wrong').prop('open', true);
  }

  /** Call in `oneditsave`, `oneditcancel` and `oneditdelete`. */
  function close() {
    openNode = undefined;
    widgets = {};
  }

  /** All properties as the open dialog holds them, saved or not. */
  function values(): Partial<Record<string, unknown>> {
    if (!openNode) return {};
    const read = reader(openNode);
    return Object.fromEntries(
      properties.map((property) => {
        const value = read(property);
        return [property, property in configNodes && value === NO_CONFIG_NODE ? '' : value];
      }),
    );
  }

  /** The properties as `registerType` takes them. */
  const registered = Object.fromEntries(
    Object.entries(defaults).map(([property, value]) => [
      property,
      {
        value,
        ...(configNodes[property] && { type: configNodes[property] }),
        ...(refuse[property] && { validate: validator(property) }),
      },
    ]),
  );

  return {
    t,
    defaults: registered,
    validator,
    fill,
    typed,
    bindLabel,
    nameParts,
    open,
    close,
    refresh,
    values,
  };
}

/** On the canvas a name that was given is in italics, as with Node-RED's own nodes. For `registerType`. */
export function labelStyle(this: EditorNode): string {
  return this.name ? 'node_label_italic' : '';
}

/** The reason for a typed value that cannot be read, or undefined. Empty is the caller's matter. */
export function pathReason(value: unknown, valueType: unknown, t: Text): string | undefined {
  const [text, type] = [String(value), String(valueType)];
  if (text === '') return undefined;
  return RED.utils.validateTypedProperty(text, type) === true ? undefined : t(`refusal.${type}`);
}

/** The same for a value that must be there. */
export function neededReason(
  value: unknown,
  valueType: unknown,
  whenEmpty: string | undefined,
  t: Text,
): string | undefined {
  return isEmpty(value) ? whenEmpty : pathReason(value, valueType, t);
}

/** The reason for a number that its rule does not take, or undefined; empty passes. */
export function numberReason(
  value: unknown,
  rule: Pick<NumberRule, 'min' | 'max' | 'whole'>,
  reason: string,
): string | undefined {
  return isEmpty(value) || fits(value, rule) ? undefined : reason;
}
