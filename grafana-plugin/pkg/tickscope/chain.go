package tickscope

import (
	"context"
	"net/url"
)

// Leg is a call or a put of a chain. IV is a fraction (0.14), nil where it cannot be solved.
type Leg struct {
	Token              int64    `json:"token"`
	Symbol             string   `json:"symbol"`
	LastPrice          *float64 `json:"lastPrice"`
	Change             *float64 `json:"change"`
	ChangePercent      *float64 `json:"changePercent"`
	Volume             *int64   `json:"volume"`
	OpenInterest       *int64   `json:"openInterest"`
	OpenInterestChange *int64   `json:"openInterestChange"`
	IV                 *float64 `json:"iv"`
}

// ChainRow is one strike; a leg that is not listed is nil.
type ChainRow struct {
	Strike float64 `json:"strike"`
	Call   *Leg    `json:"call"`
	Put    *Leg    `json:"put"`
}

// ChainAnswer is one expiry of an underlying. Totals are over all its strikes, not only those listed.
type ChainAnswer struct {
	Origin       string   `json:"origin"`
	Underlying   string   `json:"underlying"`
	Expiry       string   `json:"expiry"`
	AtmStrike    *float64 `json:"atmStrike"`
	DaysToExpiry *float64 `json:"daysToExpiry"`
	Spot         *struct {
		Instrument Key      `json:"instrument"`
		Price      *float64 `json:"price"`
	} `json:"spot"`
	Totals struct {
		CallOpenInterest int64    `json:"callOpenInterest"`
		PutOpenInterest  int64    `json:"putOpenInterest"`
		PutCallRatio     *float64 `json:"putCallRatio"`
		MaxPain          *float64 `json:"maxPain"`
	} `json:"totals"`
	Strikes []ChainRow `json:"strikes"`
}

// Chain of an expiry (an IST date; empty is the nearest), `strikes` on each side of the money (0 is all).
func (c *Client) Chain(ctx context.Context, underlying, expiry string, strikes int) (ChainAnswer, error) {
	query := url.Values{"underlying": {underlying}}
	set(query, "expiry", expiry)
	setInt(query, "strikes", strikes)
	var answer ChainAnswer
	err := c.get(ctx, "/api/chain", query, &answer)
	return answer, err
}
