package tickscope

import (
	"context"
	"net/url"
	"strconv"
)

// Selection of instruments for a screen over the market; empty fields are Tickscope's own (segment NSE).
type Selection struct {
	Segment, Type string
	Limit         int
}

func (s Selection) query() url.Values {
	query := url.Values{}
	set(query, "segment", s.Segment)
	set(query, "type", s.Type)
	return query
}

// Mover against the reference of the window asked for.
type Mover struct {
	Instrument    Key      `json:"instrument"`
	LastPrice     *float64 `json:"lastPrice"`
	Change        *float64 `json:"change"`
	ChangePercent *float64 `json:"changePercent"`
	Volume        *int64   `json:"volume"`
	VolumeRatio   *float64 `json:"volumeRatio"`
	Open          *float64 `json:"open"`
	High          *float64 `json:"high"`
	Low           *float64 `json:"low"`
	Reference     *float64 `json:"reference"`
	OpenInterest  *int64   `json:"openInterest"`
}

// Movers by absolute, gainers, losers, volume or volume_ratio; window day, open, 1m, 5m or 15m.
func (c *Client) Movers(ctx context.Context, of Selection, by, window string) (origin string, movers []Mover, err error) {
	query := of.query()
	set(query, "by", by)
	set(query, "window", window)
	setInt(query, "limit", of.Limit)
	var answer struct {
		Origin string  `json:"origin"`
		Movers []Mover `json:"movers"`
	}
	err = c.get(ctx, "/api/movers", query, &answer)
	return answer.Origin, answer.Movers, err
}

// Breadth counts how many rose and fell. Ratio is advances over declines, nil without declines.
type Breadth struct {
	Origin        string   `json:"origin"`
	Date          *string  `json:"date"`
	Advances      int64    `json:"advances"`
	Declines      int64    `json:"declines"`
	Unchanged     int64    `json:"unchanged"`
	Ratio         *float64 `json:"advanceDeclineRatio"`
	AdvanceVolume int64    `json:"advanceVolume"`
	DeclineVolume int64    `json:"declineVolume"`
}

// Breadth of the market today.
func (c *Client) Breadth(ctx context.Context, of Selection) (Breadth, error) {
	var answer Breadth
	err := c.get(ctx, "/api/breadth", of.query(), &answer)
	return answer, err
}

// Volatility of an instrument, annualised, in percent.
type Volatility struct {
	Instrument        Key      `json:"instrument"`
	VolatilityPercent *float64 `json:"volatilityPercent"`
	Sessions          int64    `json:"sessions"`
	LastPrice         *float64 `json:"lastPrice"`
}

// Volatility over so many sessions, highest first.
func (c *Client) Volatility(ctx context.Context, of Selection, days int) (origin string, rows []Volatility, err error) {
	query := of.query()
	query.Set("days", strconv.Itoa(days))
	setInt(query, "limit", of.Limit)
	var answer struct {
		Origin      string       `json:"origin"`
		Instruments []Volatility `json:"instruments"`
	}
	err = c.get(ctx, "/api/volatility", query, &answer)
	return answer.Origin, answer.Instruments, err
}

// Buildup says what price and open interest together mean: long_buildup, short_buildup, long_unwinding, short_covering.
type Buildup struct {
	Instrument                Key      `json:"instrument"`
	Buildup                   *string  `json:"buildup"`
	ChangePercent             *float64 `json:"changePercent"`
	OpenInterest              *int64   `json:"openInterest"`
	OpenInterestChange        *int64   `json:"openInterestChange"`
	OpenInterestChangePercent *float64 `json:"openInterestChangePercent"`
}

// Buildup of futures.
func (c *Client) Buildup(ctx context.Context, of Selection) (origin string, rows []Buildup, err error) {
	query := of.query()
	setInt(query, "limit", of.Limit)
	var answer struct {
		Origin      string    `json:"origin"`
		Instruments []Buildup `json:"instruments"`
	}
	err = c.get(ctx, "/api/oi/buildup", query, &answer)
	return answer.Origin, answer.Instruments, err
}
