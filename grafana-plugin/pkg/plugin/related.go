package plugin

import (
	"context"
	"net/http"
	"sort"
	"strings"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/tickscope"
)

// futureOptions are the futures of an underlying, nearest first. `underlying` may be a name (NIFTY) or an instrument
// (NSE:RELIANCE, NSE:NIFTY 50, a future or an option): then its underlying's.
func (d *Datasource) futureOptions(r *http.Request) ([]option, error) {
	underlying, _, err := d.underlyingOf(r.Context(), parameter(r, "underlying"))
	if err != nil || underlying == "" {
		return nil, err
	}
	filter := tickscope.InstrumentFilter{Underlying: underlying, Type: "FUT", Limit: defaultSuggestions}
	found, err := d.client.Instruments(r.Context(), filter)
	sort.SliceStable(found, func(a, b int) bool { return expiryOf(found[a]) < expiryOf(found[b]) })
	return column(found, func(future tickscope.Instrument) option {
		return option{future.Symbol, future.Name()}
	}), err
}

// spotOptions is the cash or index instrument of an underlying, or of an instrument; itself when it is one.
func (d *Datasource) spotOptions(r *http.Request) ([]option, error) {
	_, spot, err := d.underlyingOf(r.Context(), parameter(r, "underlying"))
	if err != nil || spot == nil {
		return nil, err
	}
	return one(option{spot.Symbol, spot.Name()}), nil
}

// underlyingOf is the name that derivatives give their underlying, and its cash or index instrument.
func (d *Datasource) underlyingOf(ctx context.Context, reference string) (string, *tickscope.Key, error) {
	if reference == "" {
		return "", nil, nil
	}
	underlyings, err := d.client.Underlyings(ctx)
	if err != nil {
		return "", nil, err
	}
	for _, row := range underlyings {
		if row.Underlying == reference || (row.Instrument != nil && row.Instrument.Name() == reference) {
			return row.Underlying, row.Instrument, nil
		}
	}
	if !strings.Contains(reference, ":") {
		return "", nil, nil
	}
	instrument, err := d.client.Instrument(ctx, reference)
	if err != nil {
		return "", nil, err
	}
	if instrument.Underlying == nil {
		return "", &instrument.Key, nil // cash without derivatives
	}
	for _, row := range underlyings {
		if row.Underlying == *instrument.Underlying {
			return row.Underlying, row.Instrument, nil
		}
	}
	return *instrument.Underlying, nil, nil
}

func expiryOf(instrument tickscope.Instrument) string {
	if instrument.Expiry == nil {
		return ""
	}
	return *instrument.Expiry
}
