//! Colours that can be read on black and on white: of the 256 that terminals have, those from 16 to 231
//! are the same everywhere (unlike the first 16, which are the user's own).

/// For names: no red among them, which is for what has failed.
const NAMES: [u8; 8] = [130, 64, 28, 30, 27, 98, 133, 164];

/// For what has failed.
pub(in crate::ui) const FAILED: u8 = 161;

/// The same name has the same colour everywhere.
pub(in crate::ui) fn color_of(name: &[u8]) -> u8 {
    // FNV-1a, folded.
    let step = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    let hash = name.iter().fold(0x811c_9dc5, step);
    NAMES[((hash >> 16 ^ hash) % 8) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Red, green and blue, as xterm's 6x6x6 cube has them.
    fn components(color: u8) -> [f64; 3] {
        const LEVELS: [f64; 6] = [0.0, 95.0, 135.0, 175.0, 215.0, 255.0];
        let place = usize::from(color - 16);
        [place / 36, place / 6 % 6, place % 6].map(|level| LEVELS[level] / 255.0)
    }

    /// Relative luminance (WCAG 2.1).
    fn luminance(color: u8) -> f64 {
        let linear = |c: f64| if c <= 0.03928 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) };
        let [red, green, blue] = components(color).map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// In degrees; red is 0.
    fn hue(color: u8) -> f64 {
        let [red, green, blue] = components(color);
        let most = red.max(green).max(blue);
        let range = most - red.min(green).min(blue);
        let sixth = if most == red {
            ((green - blue) / range).rem_euclid(6.0)
        } else if most == green {
            (blue - red) / range + 2.0
        } else {
            (red - green) / range + 4.0
        };
        60.0 * sixth
    }

    /// The two ratios of any colour multiply to 21: both can be 4.58 at best.
    #[test]
    fn contrast_is_at_least_4_on_black_and_on_white() {
        for color in NAMES.into_iter().chain([FAILED]) {
            let luminance = luminance(color);
            let (on_black, on_white) = ((luminance + 0.05) / 0.05, 1.05 / (luminance + 0.05));
            assert!(on_black >= 4.0 && on_white >= 4.0, "{color}: {on_black:.2}, {on_white:.2}");
        }
    }

    #[test]
    fn no_name_is_red() {
        for color in NAMES {
            assert!((30.0..=310.0).contains(&hue(color)), "{color}: {}", hue(color));
        }
        assert!(!(30.0..=310.0).contains(&hue(FAILED)));
    }

    #[test]
    fn names_use_all_colours() {
        let used: std::collections::BTreeSet<u8> =
            (0..200).map(|n| color_of(format!("user{n}").as_bytes())).collect();
        assert_eq!(used.len(), NAMES.len());
        assert_eq!(color_of(b"ann"), color_of(b"ann"));
    }
}
