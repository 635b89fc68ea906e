package plugin

import (
	"context"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/tickscope"
)

func (d *Datasource) vix(ctx context.Context, q query) (result, error) {
	switch q.View {
	case "", "series":
		return d.vixSeries(ctx, q)
	case "regimes":
		return d.vixRegimes(ctx, q)
	case "now":
		return d.vixNow(ctx, q)
	}
	return result{}, mistakef("VIX has no view %q: choose series, regimes or now.", q.View)
}

func (d *Datasource) vixSeries(ctx context.Context, q query) (result, error) {
	answer, err := d.client.Vix(ctx, q.Range.From, q.Range.To, q.LimitOr(0))
	if err != nil {
		return result{}, err
	}
	type point = tickscope.VixPoint
	rows := answer.Series
	frame := series("India VIX", nil, about{Origin: answer.Origin},
		instants("time", column(rows, func(p point) time.Time { return p.Time })),
		ratios("value", column(rows, func(p point) *float64 { return &p.Value })),
		ratios("change", column(rows, func(p point) *float64 { return p.Change })),
		texts("trend", column(rows, func(p point) *string { return p.Trend })),
		texts("regime", column(rows, func(p point) *string { return p.Regime })),
	)
	notices := warnings(answer.Warnings)
	if len(rows) == 0 {
		notices = append(notices, info("India VIX has no values in this range."))
	}
	return result{one(frame), notices, shape{Main: "value"}}, nil
}

func (d *Datasource) vixRegimes(ctx context.Context, q query) (result, error) {
	answer, err := d.client.VixRegime(ctx, q.Range.From, q.Range.To, q.LimitOr(0))
	if err != nil {
		return result{}, err
	}
	type span = tickscope.RegimeSpan
	rows := answer.Spans
	frame := table("VIX regimes", answer.Origin,
		instants("from", column(rows, func(s span) time.Time { return s.From })),
		instants("to", column(rows, func(s span) time.Time { return s.To })),
		texts("regime", column(rows, func(s span) *string { return s.Regime })),
		counts("minutes", column(rows, func(s span) int64 { return s.Minutes })),
		ratios("average", column(rows, func(s span) *float64 { return &s.Average })),
		ratios("low", column(rows, func(s span) *float64 { return &s.Low })),
		ratios("high", column(rows, func(s span) *float64 { return &s.High })),
	)
	return result{one(frame), nil, shape{"minutes", []string{"regime"}}}, nil
}

func (d *Datasource) vixNow(ctx context.Context, q query) (result, error) {
	answer, err := d.client.VixRegime(ctx, q.Range.From, q.Range.To, q.LimitOr(0))
	if err != nil {
		return result{}, err
	}
	now := answer.Current
	if now == nil || now.Value == nil {
		return result{notices: []data.Notice{info("India VIX has no value yet: it comes with the index's first tick.")}}, nil
	}
	frame := table("India VIX now", answer.Origin,
		instants("time", one(now.Time)),
		ratios("value", one(now.Value)),
		percents("change_percent", one(now.ChangePercent)),
		texts("trend", one(now.Trend)),
		texts("regime", one(now.Regime)),
		ratios("mean_20m", one(now.Mean20)),
		field("percentile_year", one(now.PercentileYear), unit("percent", 0)),
		ratios("day_open", one(now.Open)),
		ratios("day_high", one(now.High)),
		ratios("day_low", one(now.Low)),
	)
	return result{one(frame), nil, shape{Main: "value"}}, nil
}
