import { onceSoon } from './once-soon';

/** Fills an editable list of rows, and shows anew what is wrong whenever something in the dialog changes. */
export function fillRowList<Row extends object>(
  list: JQuery,
  options: {
    addButton: string;
    rows: unknown[];
    addItem(this: void, container: JQuery, index: number, row: Row): void;
    /** a row was taken out */
    removeItem(this: void): void;
    showReasons(this: void): void;
  },
): void {
  const { addButton, rows, addItem, removeItem, showReasons } = options;
  list.editableList<Row>({
    addButton,
    removable: true,
    sortable: true,
    height: 'auto',
    addItem,
    removeItem() {
      removeItem();
      showReasons();
    },
  });
  list.editableList('addItems', rows);
  list.closest('.vision-event-form').on('change keyup input', onceSoon(showReasons));
  showReasons();
}
