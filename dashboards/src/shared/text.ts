import { PanelBuilder as Text, TextMode } from '@grafana/grafana-foundation-sdk/text';

/** A line of explanation, in markdown. It asks for no data. */
export const note = (title: string, description: string, content: string): Text =>
  new Text().title(title).description(description).mode(TextMode.Markdown).content(content);
