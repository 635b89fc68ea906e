package plugin

import (
	"context"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/tickscope"
)

// openInterest is the open interest of candles, its change from one to the next, and the price beside it.
func (d *Datasource) openInterest(ctx context.Context, q query) (result, error) {
	of := shape{Main: "open_interest"}
	if q.View == "change" {
		of.Main = "open_interest_change"
	}
	view := q.View
	if q.Reduced {
		view = "both" // so that `field` can name any
	}
	answers, notices, err := d.candleAnswers(ctx, q)
	if err != nil {
		return result{}, err
	}
	var frames []*data.Frame
	for _, answer := range answers {
		frame, any := openInterestFrame(answer, view)
		if !any && len(answer.Candles) > 0 {
			notices = append(notices, info("%s has no open interest: only futures and options have.", answer.Instrument.Name()))
		}
		frames = append(frames, frame)
	}
	return result{frames, append(notices, d.tell(q, frames, answers)...), of}, nil
}

// openInterestFrame leaves out candles without open interest, as GET /api/oi does.
func openInterestFrame(answer tickscope.CandleAnswer, view string) (frame *data.Frame, any bool) {
	var (
		times  = []time.Time{}
		values = []*int64{}
		change = []*int64{}
		price  = []*float64{}
		before *int64
	)
	for _, candle := range answer.Candles {
		if candle.OpenInterest == nil {
			continue
		}
		var difference *int64
		if before != nil {
			moved := *candle.OpenInterest - *before
			difference = &moved
		}
		before = candle.OpenInterest
		close := candle.Close
		times, values = append(times, candle.Time), append(values, candle.OpenInterest)
		change, price = append(change, difference), append(price, &close)
	}
	fields := []*data.Field{instants("time", times)}
	if view != "change" {
		fields = append(fields, quantities("open_interest", values))
	}
	if view != "value" && view != "" {
		fields = append(fields, quantities("open_interest_change", change))
	}
	fields = append(fields, prices("price", price))
	name := answer.Instrument.Name()
	return series(name+" "+answer.Interval, instrumentLabels(name), about{Origin: answer.Origin}, fields...), len(values) > 0
}
