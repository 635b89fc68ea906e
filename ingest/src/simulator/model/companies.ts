/** What an underlying's price process is made of. Prices in rupees as of `ANCHOR_DAY`, volatility a day as a fraction. */
export interface BaseSpec {
  readonly symbol: string;
  readonly name: string;
  readonly token: number;
  readonly index: boolean;
  readonly price: number;
  readonly dailyVolatility: number;
  /** How much of the market's move it takes part in. */
  readonly beta: number;
  /** Shares a day; 0 for an index. */
  readonly volume: number;
  readonly tickPaise: number;
  /** What Kite calls it in the `name` of its futures and options; null where it has none. */
  readonly derivativeName: string | null;
  readonly lotSize: number;
  readonly strikeStepPaise: number;
}

const NSE_SEGMENT = 1;

function index(
  symbol: string,
  token: number,
  price: number,
  dailyVolatility: number,
  beta: number,
  derivative: { name: string; lotSize: number; strikeStep: number } | null,
): BaseSpec {
  return {
    symbol,
    name: symbol,
    token,
    index: true,
    price,
    dailyVolatility,
    beta,
    volume: 0,
    tickPaise: 5,
    derivativeName: derivative?.name ?? null,
    lotSize: derivative?.lotSize ?? 0,
    strikeStepPaise: (derivative?.strikeStep ?? 0) * 100,
  };
}

/** INDIA VIX moves in hundredths and is pulled back to its mean: see `BaseProcess`. */
export const VIX_TOKEN = 264969;

export const INDICES: readonly BaseSpec[] = [
  index('NIFTY 50', 256265, 25_400, 0.0075, 1, { name: 'NIFTY', lotSize: 65, strikeStep: 50 }),
  index('NIFTY BANK', 260105, 57_200, 0.009, 1.1, { name: 'BANKNIFTY', lotSize: 30, strikeStep: 100 }),
  { ...index('INDIA VIX', VIX_TOKEN, 15, 0.05, 0, null), tickPaise: 1 },
];

/**
 * The stocks of the NIFTY 50: symbol, name, exchange token (Kite's token is `exchange token * 256 + segment`),
 * price, volume a day in thousands, lot size, strike step.
 */
const COMPANIES: ReadonlyArray<readonly [string, string, number, number, number, number, number]> = [
  ['ADANIENT', 'ADANI ENTERPRISES', 25, 2_450, 1_100, 300, 20],
  ['ADANIPORTS', 'ADANI PORT & SEZ', 15083, 1_450, 2_200, 475, 20],
  ['APOLLOHOSP', 'APOLLO HOSPITALS ENTER. L', 157, 7_500, 450, 125, 50],
  ['ASIANPAINT', 'ASIAN PAINTS', 236, 2_500, 1_200, 250, 20],
  ['AXISBANK', 'AXIS BANK', 5900, 1_200, 8_500, 625, 10],
  ['BAJAJ-AUTO', 'BAJAJ AUTO', 16669, 8_900, 350, 75, 100],
  ['BAJAJFINSV', 'BAJAJ FINSERV', 16675, 2_050, 1_300, 250, 20],
  ['BAJFINANCE', 'BAJAJ FINANCE', 317, 1_000, 7_800, 750, 10],
  ['BEL', 'BHARAT ELECTRONICS', 383, 405, 16_000, 1425, 5],
  ['BHARTIARTL', 'BHARTI AIRTEL', 10604, 2_000, 5_200, 475, 20],
  ['CIPLA', 'CIPLA', 694, 1_520, 1_500, 375, 20],
  ['COALINDIA', 'COAL INDIA', 20374, 390, 7_000, 1350, 5],
  ['DRREDDY', "DR. REDDY'S LABORATORIES", 881, 1_260, 1_400, 625, 10],
  ['EICHERMOT', 'EICHER MOTORS', 910, 6_900, 480, 100, 50],
  ['ETERNAL', 'ETERNAL', 5097, 310, 38_000, 2425, 5],
  ['GRASIM', 'GRASIM INDUSTRIES', 1232, 2_800, 700, 250, 20],
  ['HCLTECH', 'HCL TECHNOLOGIES', 7229, 1_550, 2_800, 350, 20],
  ['HDFCBANK', 'HDFC BANK', 1333, 990, 18_000, 550, 10],
  ['HDFCLIFE', 'HDFC LIFE INS CO', 467, 760, 2_400, 1100, 10],
  ['HINDALCO', 'HINDALCO INDUSTRIES', 1363, 790, 5_500, 700, 10],
  ['HINDUNILVR', 'HINDUSTAN UNILEVER', 1394, 2_450, 1_700, 300, 20],
  ['ICICIBANK', 'ICICI BANK', 4963, 1_380, 11_000, 700, 10],
  ['INDIGO', 'INTERGLOBE AVIATION', 11195, 5_700, 700, 150, 50],
  ['INFY', 'INFOSYS', 1594, 1_510, 7_500, 400, 20],
  ['ITC', 'ITC', 1660, 410, 13_000, 1600, 5],
  ['JIOFIN', 'JIO FINANCIAL SERVICES', 18143, 305, 14_000, 2350, 5],
  ['JSWSTEEL', 'JSW STEEL', 11723, 1_170, 2_000, 675, 10],
  ['KOTAKBANK', 'KOTAK MAHINDRA BANK', 1922, 2_100, 2_600, 400, 20],
  ['LT', 'LARSEN & TOUBRO', 11483, 3_950, 1_900, 175, 50],
  ['M&M', 'MAHINDRA & MAHINDRA', 2031, 3_650, 2_100, 200, 50],
  ['MARUTI', 'MARUTI SUZUKI INDIA', 10999, 15_900, 380, 50, 100],
  ['MAXHEALTH', 'MAX HEALTHCARE INS', 22377, 1_130, 1_900, 525, 10],
  ['NESTLEIND', 'NESTLE INDIA', 17963, 1_270, 1_300, 500, 10],
  ['NTPC', 'NTPC', 11630, 330, 11_000, 1500, 5],
  ['ONGC', 'OIL AND NATURAL GAS CORP.', 2475, 250, 12_000, 2250, 2.5],
  ['POWERGRID', 'POWER GRID CORP. LTD.', 14977, 275, 11_500, 1900, 5],
  ['RELIANCE', 'RELIANCE INDUSTRIES', 2885, 1_500, 9_500, 500, 10],
  ['SBILIFE', 'SBI LIFE INSURANCE CO', 21808, 1_980, 900, 375, 20],
  ['SBIN', 'STATE BANK OF INDIA', 3045, 960, 9_800, 750, 10],
  ['SHRIRAMFIN', 'SHRIRAM FINANCE', 4306, 810, 4_800, 825, 10],
  ['SUNPHARMA', 'SUN PHARMACEUTICAL IND L', 3351, 1_750, 1_900, 350, 20],
  ['TATACONSUM', 'TATA CONSUMER PRODUCT', 3432, 1_160, 1_100, 550, 10],
  ['TATASTEEL', 'TATA STEEL', 3499, 172, 31_000, 5500, 2.5],
  ['TCS', 'TATA CONSULTANCY SERV LT', 11536, 3_080, 2_600, 175, 20],
  ['TECHM', 'TECH MAHINDRA', 13538, 1_440, 1_800, 600, 20],
  ['TITAN', 'TITAN COMPANY', 3506, 3_850, 900, 175, 50],
  ['TMPV', 'TATA MOTORS PASS VEH', 3456, 365, 15_000, 800, 5],
  ['TRENT', 'TRENT', 1964, 4_400, 800, 100, 50],
  ['ULTRACEMCO', 'ULTRATECH CEMENT', 11532, 11_800, 260, 50, 100],
  ['WIPRO', 'WIPRO', 3787, 245, 9_000, 3000, 2.5],
];

export const STOCKS: readonly BaseSpec[] = COMPANIES.map(
  ([symbol, name, exchangeToken, price, thousands, lotSize, strikeStep]) => ({
    symbol,
    name,
    token: exchangeToken * 256 + NSE_SEGMENT,
    index: false,
    price,
    dailyVolatility: 0.014,
    beta: 0.45,
    volume: thousands * 1000,
    tickPaise: 5,
    derivativeName: symbol,
    lotSize,
    strikeStepPaise: strikeStep * 100,
  }),
);

export const BASES: readonly BaseSpec[] = [...INDICES, ...STOCKS];
