/** The colours of a dark theme, as themes set them: by Node-RED's own variables. */
export const DARK_THEME = `:root {
  --red-ui-primary-background: #1e2127; --red-ui-secondary-background: #262a31; --red-ui-tertiary-background: #2f343d;
  --red-ui-primary-text-color: #dcdfe4; --red-ui-secondary-text-color: #9aa1ac; --red-ui-form-text-color: #dcdfe4;
  --red-ui-form-input-background: #1a1d22; --red-ui-form-input-border-color: #454b56; --red-ui-secondary-border-color: #3a404a;
  --red-ui-list-item-background-hover: #3a4150; --red-ui-list-item-background-selected: #343b48;
  --red-ui-workspace-button-background: #2f343d; --red-ui-workspace-button-color: #dcdfe4;
  --red-ui-secondary-background-hover: #343a45; --red-ui-text-color-error: #ff7b72; --red-ui-form-background: #1e2127;
  --red-ui-form-button-background: #2f343d;
}`;
