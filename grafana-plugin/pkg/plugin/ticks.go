package plugin

import (
	"context"
	"slices"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/tickscope"
)

// defaultTicks of one instrument: what a table or a chart of ticks shows.
const defaultTicks = 1000

// maxFollowedQuotes of one table: a browser's Grafana Live connection carries all of a dashboard's channels.
const maxFollowedQuotes = 50

func (d *Datasource) ticks(ctx context.Context, q query) (result, error) {
	names, notices, err := d.askedInstruments(ctx, q.Instruments)
	if err != nil || len(names) == 0 {
		return result{notices: notices}, err
	}
	if q.View == "history" {
		return d.tickHistory(ctx, q, names, notices)
	}
	origin, quotes, missing, err := d.quotes(ctx, names)
	if err != nil {
		return result{}, err
	}
	notices = append(notices, missing...)
	if len(quotes) == 0 {
		return result{notices: notices}, nil
	}
	frame := quoteFrame(origin, quotes)
	if q.Live() {
		for _, quote := range quotes[:min(len(quotes), maxFollowedQuotes)] {
			follow(frame, channel(q.UID, "quote", quote.Instrument.Token))
		}
	}
	return result{one(frame), notices, shape{"last_price", []string{"instrument"}}}, nil
}

// quotes in one request; when one of the names is unknown, each for itself.
func (d *Datasource) quotes(ctx context.Context, names []string) (string, []tickscope.Quote, []data.Notice, error) {
	origin, quotes, err := d.client.Quotes(ctx, names)
	if !tickscope.IsUnknown(err) {
		return origin, quotes, nil, err
	}
	found, notices, err := each(ctx, names, func(ctx context.Context, name string) ([]tickscope.Quote, error) {
		answered, quotes, err := d.client.Quotes(ctx, []string{name})
		if err == nil {
			origin = answered
		}
		return quotes, err
	})
	return origin, slices.Concat(found...), notices, err
}

func quoteFrame(origin string, rows []tickscope.Quote) *data.Frame {
	type quote = tickscope.Quote
	return table("Quotes", origin,
		instants("time", column(rows, func(q quote) *time.Time { return q.Time })),
		texts("instrument", column(rows, func(q quote) string { return q.Instrument.Name() })),
		prices("last_price", column(rows, func(q quote) *float64 { return q.LastPrice })),
		prices("change", column(rows, func(q quote) *float64 { return q.Change })),
		percents("change_percent", column(rows, func(q quote) *float64 { return q.ChangePercent })),
		prices("open", column(rows, func(q quote) *float64 { return q.Open })),
		prices("high", column(rows, func(q quote) *float64 { return q.High })),
		prices("low", column(rows, func(q quote) *float64 { return q.Low })),
		prices("previous_close", column(rows, func(q quote) *float64 { return q.PreviousClose })),
		quantities("volume", column(rows, func(q quote) *int64 { return q.Volume })),
		prices("average_price", column(rows, func(q quote) *float64 { return q.AveragePrice })),
		quantities("open_interest", column(rows, func(q quote) *int64 { return q.OpenInterest })),
		prices("bid", column(rows, func(q quote) *float64 { return q.Bid.Price })),
		prices("ask", column(rows, func(q quote) *float64 { return q.Ask.Price })),
		prices("spread", column(rows, quoteSpread)),
	)
}

// quoteSpread is unknown where one side is empty.
func quoteSpread(quote tickscope.Quote) *float64 {
	if quote.Bid.Price == nil || quote.Ask.Price == nil || *quote.Bid.Price <= 0 || *quote.Ask.Price <= 0 {
		return nil
	}
	spread := withoutDust(*quote.Ask.Price - *quote.Bid.Price)
	return &spread
}

func (d *Datasource) tickHistory(ctx context.Context, q query, names []string, notices []data.Notice) (result, error) {
	limit := q.LimitOr(defaultTicks)
	answers, missing, err := each(ctx, names, func(ctx context.Context, name string) (tickscope.TickAnswer, error) {
		return d.client.Ticks(ctx, name, q.Range.From, q.Range.To, limit)
	})
	if err != nil {
		return result{}, err
	}
	notices = append(notices, missing...)
	frames := make([]*data.Frame, len(answers))
	for i, answer := range answers {
		slices.Reverse(answer.Ticks)
		name := answer.Instrument.Name()
		frames[i] = series(name+" ticks", instrumentLabels(name), about{Origin: answer.Origin}, tickFields(answer.Ticks)...)
		if q.Live() {
			follow(frames[i], channel(q.UID, "tick", answer.Instrument.Token))
		}
		switch len(answer.Ticks) {
		case limit:
			if q.Limit >= 1 {
				break // who chose how many knows that there are more
			}
			frames[i].AppendNotices(info("%s: the newest %d ticks of the range. Zoom in for the others.", name, limit))
		case 0:
			frames[i].AppendNotices(info("%s: no ticks are kept of this range. Ticks are dropped after some days; candles stay.", name))
		}
	}
	return result{frames, notices, shape{Main: "price"}}, nil
}

// tickFields are the fields of a frame of ticks, streamed ones too. Quantity is what traded since the tick before,
// nil where that is not known.
func tickFields(rows []tickscope.Tick) []*data.Field {
	type tick = tickscope.Tick
	return []*data.Field{
		instants("time", column(rows, func(t tick) time.Time { return t.Time })),
		prices("price", column(rows, func(t tick) float64 { return t.LastPrice })),
		quantities("quantity", column(rows, func(t tick) *int64 { return t.VolumeDelta })),
		quantities("volume", column(rows, func(t tick) *int64 { return t.Volume })),
	}
}
