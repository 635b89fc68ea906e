/** By what the volatility engine judges. Percentages are plain: 1 is one percent. */
export interface VixSettings {
  /** Regime LOW below, NORMAL from here. */
  readonly lowBelow: number;
  readonly highFrom: number;
  readonly extremeFrom: number;
  /** A value further than this from the last one published is a trend. */
  readonly trendPercent: number;
  /** A value further than this from the last one pushed is pushed. */
  readonly pushPercent: number;
  /** The regime follows the mean of the values of so many minutes. */
  readonly meanMinutes: number;
  /** The mean must be past a threshold by so much ... */
  readonly marginPercent: number;
  /** ... in so many minutes one after the other. */
  readonly holdMinutes: number;
  /** A move of so much within five minutes is marked as a spike. */
  readonly spikePercent: number;
}

export const VIX_DEFAULTS: VixSettings = {
  lowBelow: 15,
  highFrom: 25,
  extremeFrom: 35,
  trendPercent: 1,
  pushPercent: 0.5,
  meanMinutes: 20,
  marginPercent: 2,
  holdMinutes: 3,
  spikePercent: 5,
};
