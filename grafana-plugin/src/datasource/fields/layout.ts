/** Width of a label in Grafana's units of 8 px: the widest ("Query type", "Instruments") fits on one line. */
export const LABEL_WIDTH = 14;
export const SHORT_LABEL_WIDTH = 10;
/** Width of a control with a short list, in the same units. */
export const CONTROL_WIDTH = 22;
