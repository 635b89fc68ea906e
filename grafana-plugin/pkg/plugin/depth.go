package plugin

import (
	"context"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/tickscope"
)

const (
	ladderLevels = 5
	// shortestStep: the feed sends at most one packet a second and instrument.
	shortestStep    = time.Second
	maxSpreadPoints = 5_000
)

func (d *Datasource) depth(ctx context.Context, q query) (result, error) {
	names, notices, err := d.askedInstruments(ctx, q.Instruments)
	if err != nil || len(names) == 0 {
		return result{notices: notices}, err
	}
	var found result
	switch q.View {
	case "", "ladder":
		found, err = d.ladders(ctx, q, names)
	case "spread":
		found, err = d.spreads(ctx, q, names)
	default:
		return result{}, mistakef("Depth has no view %q: choose ladder or spread.", q.View)
	}
	found.notices = append(notices, found.notices...)
	return found, err
}

func (d *Datasource) ladders(ctx context.Context, q query, names []string) (result, error) {
	books, notices, err := each(ctx, names, d.client.Depth)
	frames := make([]*data.Frame, len(books))
	for i, book := range books {
		name := book.Instrument.Name()
		frames[i] = table(name+" depth", book.Origin, ladderFields(book)...)
		asBars(fieldsNamed(frames[i], "bid_quantity", "ask_quantity")...)
		for _, field := range frames[i].Fields {
			field.Labels = instrumentLabels(name)
		}
		if book.Time == nil {
			notices = append(notices, info("%s has no order book: an index has none, and others have one from their first full packet.", name))
		}
		if q.Live() {
			follow(frames[i], channel(q.UID, "depth", book.Instrument.Token))
		}
	}
	return result{frames, notices, shape{"bid_quantity", []string{"level"}}}, err
}

// ladderFields are a row a level, best first; streamed ones too. What is not offered is nil.
func ladderFields(book tickscope.Book) []*data.Field {
	rows := 0
	if len(book.Bids) > 0 || len(book.Asks) > 0 {
		rows = ladderLevels
	}
	levels := make([]int64, rows)
	bids, asks := make([]*tickscope.Level, rows), make([]*tickscope.Level, rows)
	for i := range rows {
		levels[i] = int64(i + 1)
		bids[i], asks[i] = levelAt(book.Bids, i), levelAt(book.Asks, i)
	}
	return []*data.Field{
		counts("level", levels),
		counts("bid_orders", column(bids, levelOrders)),
		quantities("bid_quantity", column(bids, levelQuantity)),
		prices("bid_price", column(bids, levelPrice)),
		prices("ask_price", column(asks, levelPrice)),
		quantities("ask_quantity", column(asks, levelQuantity)),
		counts("ask_orders", column(asks, levelOrders)),
	}
}

func levelAt(levels []tickscope.Level, i int) *tickscope.Level {
	if i < len(levels) {
		return &levels[i]
	}
	return nil
}

func levelPrice(level *tickscope.Level) *float64 {
	if level == nil {
		return nil
	}
	return &level.Price
}

func levelQuantity(level *tickscope.Level) *int64 {
	if level == nil {
		return nil
	}
	return &level.Quantity
}

func levelOrders(level *tickscope.Level) *int64 {
	if level == nil {
		return nil
	}
	return &level.Orders
}

// spreadStep is the panel's interval, and so long that the range fits its width.
func spreadStep(q query) time.Duration {
	most := q.MaxDataPoints
	if most <= 0 || most > maxSpreadPoints {
		most = defaultMaxDataPoints
	}
	fits := q.Range.To.Sub(q.Range.From) / time.Duration(most)
	return max(q.PanelInterval, fits.Truncate(time.Millisecond), shortestStep)
}

func (d *Datasource) spreads(ctx context.Context, q query, names []string) (result, error) {
	step := spreadStep(q)
	limit := q.LimitOr(int(q.Range.To.Sub(q.Range.From)/step) + 1)
	answers, notices, err := each(ctx, names, func(ctx context.Context, name string) (tickscope.SpreadAnswer, error) {
		return d.client.Spread(ctx, name, q.Range.From, q.Range.To, step, min(limit, maxSpreadPoints))
	})
	frames := make([]*data.Frame, len(answers))
	for i, answer := range answers {
		name := answer.Instrument.Name()
		type point = tickscope.SpreadPoint
		rows := answer.Series
		frames[i] = series(name+" spread", instrumentLabels(name), about{Origin: answer.Origin},
			instants("time", column(rows, func(p point) time.Time { return p.Time })),
			prices("spread", column(rows, func(p point) *float64 { return p.Spread })),
			field("spread_bps", column(rows, func(p point) *float64 { return p.SpreadBps }), unit("suffix: bps", 2)),
			prices("mid", column(rows, func(p point) *float64 { return p.Mid })),
			ratios("imbalance", column(rows, func(p point) *float64 { return p.Imbalance })),
		)
		frames[i].AppendNotices(warnings(answer.Warnings)...)
		if len(rows) == 0 {
			frames[i].AppendNotices(info("%s: no order books are kept of this range. An index has none; others are dropped after some days.", name))
		}
	}
	return result{frames, notices, shape{Main: "spread_bps"}}, err
}
