package plugin

import (
	"context"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/tickscope"
)

const (
	defaultMovers = 20
	// volatilitySessions is a month of trading and a bit, as desks quote it.
	volatilitySessions = 30
)

func (d *Datasource) movers(ctx context.Context, q query) (result, error) {
	of := tickscope.Selection{Segment: q.Segment, Type: q.InstrumentType, Limit: q.LimitOr(defaultMovers)}
	for _, choice := range []string{q.Segment, q.InstrumentType, q.By, q.Window} {
		if hasVariable(choice) {
			return result{notices: []data.Notice{warning("The variable %s has no value here. Choose one at the top of the dashboard.", choice)}}, nil
		}
	}
	switch q.View {
	case "", "movers":
		return d.topMovers(ctx, q, of)
	case "breadth":
		return d.breadth(ctx, of)
	case "volatility":
		return d.volatility(ctx, of)
	case "buildup":
		return d.buildup(ctx, of)
	}
	return result{}, mistakef("Movers has no view %q: choose movers, breadth, volatility or buildup.", q.View)
}

func (d *Datasource) topMovers(ctx context.Context, q query, of tickscope.Selection) (result, error) {
	origin, rows, err := d.client.Movers(ctx, of, q.By, q.Window)
	if err != nil {
		return result{}, err
	}
	type mover = tickscope.Mover
	frame := table("Movers", origin,
		texts("instrument", column(rows, func(m mover) string { return m.Instrument.Name() })),
		prices("last_price", column(rows, func(m mover) *float64 { return m.LastPrice })),
		prices("change", column(rows, func(m mover) *float64 { return m.Change })),
		percents("change_percent", column(rows, func(m mover) *float64 { return m.ChangePercent })),
		quantities("volume", column(rows, func(m mover) *int64 { return m.Volume })),
		ratios("volume_ratio", column(rows, func(m mover) *float64 { return m.VolumeRatio })),
		prices("open", column(rows, func(m mover) *float64 { return m.Open })),
		prices("high", column(rows, func(m mover) *float64 { return m.High })),
		prices("low", column(rows, func(m mover) *float64 { return m.Low })),
		prices("reference", column(rows, func(m mover) *float64 { return m.Reference })),
	)
	asBars(fieldsNamed(frame, "volume_ratio")...)
	return result{one(frame), noneFound(len(rows), of), shape{"change_percent", []string{"instrument"}}}, nil
}

func (d *Datasource) breadth(ctx context.Context, of tickscope.Selection) (result, error) {
	answer, err := d.client.Breadth(ctx, of)
	if err != nil {
		return result{}, err
	}
	frame := table("Breadth", answer.Origin,
		counts("advances", one(answer.Advances)),
		counts("declines", one(answer.Declines)),
		counts("unchanged", one(answer.Unchanged)),
		ratios("ratio", one(answer.Ratio)),
		quantities("advance_volume", one(answer.AdvanceVolume)),
		quantities("decline_volume", one(answer.DeclineVolume)),
	)
	traded := int(answer.Advances + answer.Declines + answer.Unchanged)
	return result{one(frame), noneFound(traded, of), shape{Main: "ratio"}}, nil
}

func (d *Datasource) volatility(ctx context.Context, of tickscope.Selection) (result, error) {
	origin, rows, err := d.client.Volatility(ctx, of, volatilitySessions)
	if err != nil {
		return result{}, err
	}
	type row = tickscope.Volatility
	frame := table("Volatility", origin,
		texts("instrument", column(rows, func(r row) string { return r.Instrument.Name() })),
		percents("volatility_percent", column(rows, func(r row) *float64 { return r.VolatilityPercent })),
		prices("last_price", column(rows, func(r row) *float64 { return r.LastPrice })),
	)
	asBars(fieldsNamed(frame, "volatility_percent")...)
	return result{one(frame), noneFound(len(rows), of), shape{"volatility_percent", []string{"instrument"}}}, nil
}

func (d *Datasource) buildup(ctx context.Context, of tickscope.Selection) (result, error) {
	if of.Segment == "NSE" {
		of.Segment, of.Type = "", "" // the editor's default for movers; cash has no open interest
	}
	origin, rows, err := d.client.Buildup(ctx, of)
	if err != nil {
		return result{}, err
	}
	type row = tickscope.Buildup
	frame := table("OI build-up", origin,
		texts("instrument", column(rows, func(r row) string { return r.Instrument.Name() })),
		texts("buildup", column(rows, func(r row) *string { return r.Buildup })),
		percents("change_percent", column(rows, func(r row) *float64 { return r.ChangePercent })),
		quantities("open_interest", column(rows, func(r row) *int64 { return r.OpenInterest })),
		quantities("oi_change", column(rows, func(r row) *int64 { return r.OpenInterestChange })),
		percents("oi_change_percent", column(rows, func(r row) *float64 { return r.OpenInterestChangePercent })),
	)
	return result{one(frame), noneFound(len(rows), of), shape{"oi_change_percent", []string{"instrument"}}}, nil
}

func noneFound(count int, of tickscope.Selection) []data.Notice {
	if count > 0 {
		return nil
	}
	segment := of.Segment
	if segment == "" {
		segment = "the segment"
	}
	return []data.Notice{info("Nothing of %s has traded today, or nothing of it is subscribed.", segment)}
}
