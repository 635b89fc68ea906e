package plugin

import (
	"context"
	"strings"
	"time"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/tickscope"
)

const defaultEvents = 1000

// events are annotations: holes, repairs, VIX regimes and spikes, sessions.
func (d *Datasource) events(ctx context.Context, q query) (result, error) {
	if q.Unattended {
		return result{}, mistake("Events are annotations and hold no number to alert on. Use data quality for holes, or VIX for spikes.")
	}
	names, notices, err := d.scope(ctx, q)
	if err != nil {
		return result{}, err
	}
	if names == nil && len(notices) > 0 {
		return result{notices: notices}, nil
	}
	rows, err := d.client.Events(ctx, names, q.Kinds, q.Range.From, q.Range.To, q.LimitOr(defaultEvents))
	if err != nil {
		return result{}, err
	}
	type event = tickscope.Event
	frame := table("Events", "",
		instants("time", column(rows, func(e event) time.Time { return e.Time })),
		instants("timeEnd", column(rows, func(e event) *time.Time { return e.TimeEnd })),
		texts("title", column(rows, func(e event) string { return e.Title })),
		texts("text", column(rows, func(e event) string { return e.Text })),
		texts("tags", column(rows, tags)),
	)
	return result{one(frame), notices, shape{}}, nil
}

func tags(event tickscope.Event) string {
	tags := []string{event.Kind}
	if event.Instrument != nil {
		tags = append(tags, event.Instrument.Name())
	}
	return strings.Join(tags, ",")
}
