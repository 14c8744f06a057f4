import type { createForm } from '../../editor/form';
import { makeButton, makeElement } from '../../editor/live';
import type { SceneZoneRow } from '../../shared/properties';
import { ZoneCanvas } from './zone-canvas';
import { ZoneModel } from './zone-model';
import './zones.css';

type Form = Pick<ReturnType<typeof createForm<string>>, 't' | 'refresh'>;

/** The zones of the dialog: drawn on the picture, with a row of names and classes for each. */
export class ZoneEditor {
  readonly canvas: ZoneCanvas;
  readonly parts: HTMLElement[];
  private readonly model: ZoneModel;
  private readonly rows = makeElement('div', { class: 'vision-event-zone-rows' });
  private readonly finish: HTMLButtonElement;
  private readonly undo: HTMLButtonElement;
  private readonly turn: HTMLButtonElement;

  /** @param onChange the zones are others than before */
  constructor(
    zones: readonly SceneZoneRow[],
    private readonly form: Form,
    private readonly onChange: () => void,
  ) {
    const { t } = form;
    this.model = new ZoneModel(zones, (kind, number) => `${t(`zones.${kind}`)} ${number}`);
    this.canvas = new ZoneCanvas(this.model, t, () => this.changed());
    const button = (key: string, icon: string, act: () => void) =>
      makeButton(t(`zones.${key}`), `fa ${icon}`, () => {
        act();
        this.canvas.focus();
        this.changed();
      });
    this.finish = button('finish', 'fa-check', () => this.model.finish());
    this.undo = button('undo', 'fa-undo', () => this.model.undo());
    this.turn = button('turn', 'fa-exchange', () => this.model.turn());
    const toolbar = makeElement(
      'div',
      { class: 'vision-event-toolbar' },
      button('addArea', 'fa-plus', () => this.model.start('area')),
      button('addLine', 'fa-plus', () => this.model.start('line')),
      this.finish,
      this.turn,
      this.undo,
    );
    const note = makeElement('div', { class: 'vision-event-note vision-event-lead' }, t('zones.help'));
    this.parts = [toolbar, this.canvas.element, note, this.rows];
    this.drawRows();
    this.showButtons();
  }

  read(): SceneZoneRow[] {
    return this.model.zones;
  }

  private changed(): void {
    this.drawRows();
    this.showButtons();
    this.canvas.draw();
    this.form.refresh();
    this.onChange();
  }

  private showButtons(): void {
    const { draft, current, canUndo } = this.model;
    this.finish.hidden = draft === undefined;
    this.turn.hidden = draft !== undefined || current?.kind !== 'line';
    this.undo.disabled = draft ? draft.points.length === 0 : !canUndo;
  }

  /** A row is made once: what is typed in it keeps its place. */
  private drawRows(): void {
    const { zones, selected } = this.model;
    while (this.rows.children.length > zones.length) this.rows.lastElementChild!.remove();
    if (zones.length === 0) {
      this.rows.replaceChildren();
      return;
    }
    zones.forEach((zone, index) => {
      if (!this.rows.children[index]) this.rows.append(this.rowOf(index));
      const row = this.rows.children[index] as HTMLElement;
      row.dataset['selected'] = String(index === selected);
      const [name, classes] = row.querySelectorAll('input');
      if (name!.value !== zone.name) name!.value = zone.name;
      if (classes!.value !== zone.classes) classes!.value = zone.classes;
      row.querySelector('.vision-event-zone-kind')!.textContent = this.form.t(`zones.${zone.kind}`);
    });
  }

  private rowOf(index: number): HTMLElement {
    const { t } = this.form;
    const field = (property: 'name' | 'classes') => {
      const text = t(`zones.${property}`);
      const input = makeElement('input', {
        type: 'text',
        'aria-label': text,
        placeholder: text,
        autocomplete: 'off',
      });
      // what is typed without leaving the field is one change
      let isRemembered = false;
      input.addEventListener('input', () => {
        const zone = this.model.zones[index];
        if (!zone) return;
        if (!isRemembered) this.model.remember();
        isRemembered = true;
        zone[property] = input.value;
        this.showButtons();
        this.canvas.draw();
        this.onChange();
      });
      input.addEventListener('focus', () => {
        isRemembered = false;
        this.model.select(index);
        this.changed();
      });
      return input;
    };
    const remove = makeButton('', 'fa fa-trash', () => {
      this.model.removeZone(index);
      this.changed();
    });
    remove.setAttribute('aria-label', t('zones.delete'));
    remove.title = t('zones.delete');
    return makeElement(
      'div',
      { class: 'vision-event-zone-row' },
      makeElement('span', { class: 'vision-event-zone-kind' }),
      field('name'),
      field('classes'),
      remove,
    );
  }
}
