package tickscope

import (
	"context"
	"net/url"
	"strconv"
	"time"
)

// Key names an instrument in an answer.
type Key struct {
	Token    int64  `json:"token"`
	Symbol   string `json:"symbol"`
	Exchange string `json:"exchange"`
}

// Name is EXCHANGE:SYMBOL, as it is written everywhere.
func (k Key) Name() string { return k.Exchange + ":" + k.Symbol }

// Instrument as GET /api/instruments has it. Expiry is an IST date, YYYY-MM-DD.
type Instrument struct {
	Key
	Segment         string   `json:"segment"`
	FullName        *string  `json:"name"`
	InstrumentType  string   `json:"instrumentType"`
	Expiry          *string  `json:"expiry"`
	Strike          *float64 `json:"strike"`
	Underlying      *string  `json:"underlying"`
	UnderlyingToken *int64   `json:"underlyingToken"`
	Active          bool     `json:"active"`
}

// InstrumentFilter narrows a search; empty fields do not.
type InstrumentFilter struct {
	Search, Exchange, Segment, Type, Underlying, Expiry string
	Limit                                               int
}

// Instruments that are active, the closest match first.
func (c *Client) Instruments(ctx context.Context, filter InstrumentFilter) ([]Instrument, error) {
	query := url.Values{}
	set(query, "search", filter.Search)
	set(query, "exchange", filter.Exchange)
	set(query, "segment", filter.Segment)
	set(query, "type", filter.Type)
	set(query, "underlying", filter.Underlying)
	set(query, "expiry", filter.Expiry)
	setInt(query, "limit", filter.Limit)
	var answer struct {
		Instruments []Instrument `json:"instruments"`
	}
	err := c.get(ctx, "/api/instruments", query, &answer)
	return answer.Instruments, err
}

// Instrument by token or EXCHANGE:SYMBOL, expired ones too.
func (c *Client) Instrument(ctx context.Context, reference string) (Instrument, error) {
	var answer struct {
		Instrument Instrument `json:"instrument"`
	}
	err := c.get(ctx, "/api/instruments/"+reference, nil, &answer)
	return answer.Instrument, err
}

// Expiry of an underlying and how many contracts end then.
type Expiry struct {
	Expiry  string `json:"expiry"`
	Options int    `json:"options"`
	Futures int    `json:"futures"`
}

// Expiries of an underlying (NIFTY), soonest first.
func (c *Client) Expiries(ctx context.Context, underlying string) ([]Expiry, error) {
	var answer struct {
		Expiries []Expiry `json:"expiries"`
	}
	err := c.get(ctx, "/api/expiries", url.Values{"underlying": {underlying}}, &answer)
	return answer.Expiries, err
}

// Underlying of derivatives. Instrument is its cash or index instrument where that is known.
type Underlying struct {
	Underlying string `json:"underlying"`
	Futures    int    `json:"futures"`
	Options    int    `json:"options"`
	Instrument *Key   `json:"instrument"`
}

// Underlyings that have futures or options.
func (c *Client) Underlyings(ctx context.Context) ([]Underlying, error) {
	var answer struct {
		Underlyings []Underlying `json:"underlyings"`
	}
	err := c.get(ctx, "/api/underlyings", nil, &answer)
	return answer.Underlyings, err
}

// Strikes of an expiry, lowest first, and the one at the money.
func (c *Client) Strikes(ctx context.Context, underlying, expiry string) (strikes []float64, atm *float64, err error) {
	query := url.Values{"underlying": {underlying}}
	set(query, "expiry", expiry)
	var answer struct {
		Strikes   []float64 `json:"strikes"`
		AtmStrike *float64  `json:"atmStrike"`
	}
	err = c.get(ctx, "/api/strikes", query, &answer)
	return answer.Strikes, answer.AtmStrike, err
}

// Exchanges that instruments are listed on.
func (c *Client) Exchanges(ctx context.Context) ([]string, error) {
	var answer struct {
		Exchanges []struct {
			Exchange string `json:"exchange"`
		} `json:"exchanges"`
	}
	err := c.get(ctx, "/api/exchanges", nil, &answer)
	names := make([]string, len(answer.Exchanges))
	for i, row := range answer.Exchanges {
		names[i] = row.Exchange
	}
	return names, err
}

// Watchlists by name.
func (c *Client) Watchlists(ctx context.Context) ([]string, error) {
	var answer struct {
		Watchlists []struct {
			Name string `json:"name"`
		} `json:"watchlists"`
	}
	err := c.get(ctx, "/api/watchlists", nil, &answer)
	names := make([]string, len(answer.Watchlists))
	for i, list := range answer.Watchlists {
		names[i] = list.Name
	}
	return names, err
}

// Watchlist is the instruments of one; a list that does not exist is IsUnknown.
func (c *Client) Watchlist(ctx context.Context, name string) ([]Key, error) {
	var answer struct {
		Instruments []Key `json:"instruments"`
	}
	err := c.get(ctx, "/api/watchlists/"+name, nil, &answer)
	return answer.Instruments, err
}

func set(query url.Values, name, value string) {
	if value != "" {
		query.Set(name, value)
	}
}

func setInt(query url.Values, name string, value int) {
	if value > 0 {
		query.Set(name, strconv.Itoa(value))
	}
}

// setRange writes instants as epoch milliseconds; a zero one is left open.
func setRange(query url.Values, from, to time.Time) {
	if !from.IsZero() {
		query.Set("from", strconv.FormatInt(from.UnixMilli(), 10))
	}
	if !to.IsZero() {
		query.Set("to", strconv.FormatInt(to.UnixMilli(), 10))
	}
}
