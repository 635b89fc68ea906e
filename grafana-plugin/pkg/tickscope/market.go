package tickscope

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Side of the best price.
type Side struct {
	Price    *float64 `json:"price"`
	Quantity *int64   `json:"quantity"`
}

// Quote is the latest of an instrument; nil is unknown, all of it before the first tick.
type Quote struct {
	Instrument    Key        `json:"instrument"`
	Time          *time.Time `json:"time"`
	LastPrice     *float64   `json:"lastPrice"`
	Change        *float64   `json:"change"`
	ChangePercent *float64   `json:"changePercent"`
	PreviousClose *float64   `json:"previousClose"`
	Open          *float64   `json:"open"`
	High          *float64   `json:"high"`
	Low           *float64   `json:"low"`
	Volume        *int64     `json:"volume"`
	AveragePrice  *float64   `json:"averagePrice"`
	OpenInterest  *int64     `json:"openInterest"`
	Bid           Side       `json:"bid"`
	Ask           Side       `json:"ask"`
	LastTradeTime *time.Time `json:"lastTradeTime"`
	LastQuantity  *int64     `json:"lastQuantity"`
}

// Quotes of several instruments in the order asked. One that is unknown fails the request (IsUnknown).
func (c *Client) Quotes(ctx context.Context, instruments []string) (origin string, quotes []Quote, err error) {
	var answer struct {
		Origin string  `json:"origin"`
		Quotes []Quote `json:"quotes"`
	}
	err = c.get(ctx, "/api/quote", url.Values{"instrument": {strings.Join(instruments, ",")}}, &answer)
	return answer.Origin, answer.Quotes, err
}

// Tick as received. VolumeDelta is what traded with it.
type Tick struct {
	Time         time.Time `json:"time"`
	Seq          int64     `json:"seq"`
	LastPrice    float64   `json:"lastPrice"`
	LastQuantity *int64    `json:"lastQuantity"`
	Volume       *int64    `json:"volume"`
	VolumeDelta  *int64    `json:"volumeDelta"`
}

// TickAnswer of one instrument, newest first.
type TickAnswer struct {
	Instrument Key    `json:"instrument"`
	Origin     string `json:"origin"`
	Ticks      []Tick `json:"ticks"`
}

// Ticks of one instrument, the newest `limit` of a range, newest first.
func (c *Client) Ticks(ctx context.Context, instrument string, from, to time.Time, limit int) (TickAnswer, error) {
	query := url.Values{"instrument": {instrument}}
	setRange(query, from, to)
	setInt(query, "limit", limit)
	var answer TickAnswer
	err := c.get(ctx, "/api/ticks", query, &answer)
	return answer, err
}

// Level of an order book.
type Level struct {
	Price    float64 `json:"price"`
	Quantity int64   `json:"quantity"`
	Orders   int64   `json:"orders"`
}

// Book is five levels of each side, best first. Time is nil where there is none (an index).
type Book struct {
	Instrument Key        `json:"instrument"`
	Origin     string     `json:"origin"`
	Time       *time.Time `json:"time"`
	Bids       []Level    `json:"bids"`
	Asks       []Level    `json:"asks"`
}

// Depth is the order book now.
func (c *Client) Depth(ctx context.Context, instrument string) (Book, error) {
	var answer Book
	err := c.get(ctx, "/api/depth", url.Values{"instrument": {instrument}}, &answer)
	return answer, err
}

// SpreadPoint is the book's shape at the end of a step. Imbalance is (bid - ask) / (bid + ask) of five levels, -1..1.
type SpreadPoint struct {
	Time      time.Time `json:"time"`
	Spread    *float64  `json:"spread"`
	SpreadBps *float64  `json:"spreadBps"`
	Mid       *float64  `json:"mid"`
	Imbalance *float64  `json:"imbalance"`
}

// SpreadAnswer of one instrument, oldest first.
type SpreadAnswer struct {
	Instrument Key           `json:"instrument"`
	Origin     string        `json:"origin"`
	Series     []SpreadPoint `json:"series"`
	Warnings   []string      `json:"warnings"`
}

// Spread over time, the last value of each step.
func (c *Client) Spread(ctx context.Context, instrument string, from, to time.Time, step time.Duration, limit int) (SpreadAnswer, error) {
	query := url.Values{"instrument": {instrument}}
	setRange(query, from, to)
	if step > 0 {
		query.Set("step_ms", strconv.FormatInt(step.Milliseconds(), 10))
	}
	setInt(query, "limit", limit)
	var answer SpreadAnswer
	err := c.get(ctx, "/api/depth/spread", query, &answer)
	return answer, err
}

// Status of the whole.
type Status struct {
	Origin     string   `json:"origin"`
	Simulated  bool     `json:"simulated"`
	Version    string   `json:"version"`
	Broker     string   `json:"broker"`
	MarketOpen bool     `json:"marketOpen"`
	Feeds      []Feed   `json:"feeds"`
	Warnings   []string `json:"warnings"`
}

// Feed is one connection to the broker. Problem says why it is not connected.
type Feed struct {
	Feed        string     `json:"feed"`
	Connected   bool       `json:"connected"`
	Instruments int        `json:"instruments"`
	LastTickAt  *time.Time `json:"lastTickAt"`
	Problem     *string    `json:"problem"`
}

// Status asks what runs, and with it whether the token is taken.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var answer Status
	err := c.get(ctx, "/api/status", nil, &answer)
	return answer, err
}
