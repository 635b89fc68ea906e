package plugin

import (
	"net/http"
	"sort"
	"strconv"
	"strings"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/tickscope"
)

// variableInstruments is how many values a variable of instruments has where it sets no limit.
const variableInstruments = 500

// option of a dashboard's variable.
type option struct {
	Text  string `json:"text"`
	Value string `json:"value"`
}

func same(text string) option { return option{text, text} }

func (d *Datasource) variableValues(r *http.Request) (any, error) {
	values := map[string]func(*http.Request) ([]option, error){
		"exchange":   d.exchangeOptions,
		"underlying": d.underlyingOptions,
		"expiry":     d.expiryOptions,
		"strike":     d.strikeOptions,
		"instrument": d.instrumentOptions,
		"watchlist":  d.watchlistOptions,
		"origin":     d.originOptions,
		"future":     d.futureOptions,
		"spot":       d.spotOptions,
	}
	kind := r.PathValue("kind")
	list, known := values[kind]
	if !known {
		return nil, mistakef("There is no kind of variable %q: choose exchange, underlying, expiry, strike, instrument, watchlist, origin, future or spot.", kind)
	}
	options, err := list(r)
	if tickscope.IsUnknown(err) {
		// A variable that depends on another is asked for while the other still changes: nothing fits, nothing is wrong.
		return []option{}, nil
	}
	if options == nil {
		options = []option{}
	}
	return options, err
}

func (d *Datasource) exchangeOptions(r *http.Request) ([]option, error) {
	names, err := d.client.Exchanges(r.Context())
	return column(names, same), err
}

func (d *Datasource) underlyingOptions(r *http.Request) ([]option, error) {
	found, err := d.client.Underlyings(r.Context())
	return column(found, func(row tickscope.Underlying) option { return same(row.Underlying) }), err
}

func (d *Datasource) expiryOptions(r *http.Request) ([]option, error) {
	underlying := parameter(r, "underlying")
	if underlying == "" {
		return nil, nil
	}
	found, err := d.client.Expiries(r.Context(), underlying)
	var options []option
	for _, row := range found {
		if row.Options > 0 {
			options = append(options, same(row.Expiry))
		}
	}
	return options, err
}

// strikeOptions have the strike at the money first, so that a variable without a choice yet stands there.
func (d *Datasource) strikeOptions(r *http.Request) ([]option, error) {
	underlying := parameter(r, "underlying")
	if underlying == "" {
		return nil, nil
	}
	expiry := parameter(r, "expiry")
	if expiry == "nearest" {
		expiry = ""
	}
	strikes, atm, err := d.client.Strikes(r.Context(), underlying, expiry)
	if atm != nil {
		sort.SliceStable(strikes, func(a, b int) bool { return strikes[a] == *atm && strikes[b] != *atm })
	}
	return column(strikes, func(strike float64) option {
		return same(strconv.FormatFloat(strike, 'f', -1, 64))
	}), err
}

func (d *Datasource) instrumentOptions(r *http.Request) ([]option, error) {
	found, err := d.client.Instruments(r.Context(), filterOf(r, variableInstruments))
	return column(found, func(instrument tickscope.Instrument) option {
		return option{instrument.Symbol, instrument.Name()}
	}), err
}

func (d *Datasource) watchlistOptions(r *http.Request) ([]option, error) {
	lists, err := d.client.Watchlists(r.Context())
	return column(lists, func(name string) option { return option{name, watchlistPrefix + name} }), err
}

// originOptions is one value for a dashboard's banner: SIMULATED, LIVE or REPLAY.
func (d *Datasource) originOptions(r *http.Request) ([]option, error) {
	status, err := d.client.Status(r.Context())
	if err != nil {
		return nil, err
	}
	kind, _, _ := strings.Cut(status.Origin, ":")
	if status.Simulated {
		kind = "simulated"
	}
	return one(same(strings.ToUpper(kind))), nil
}
