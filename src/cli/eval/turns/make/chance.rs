//! Chance that comes out the same for the same seed.

/// Numbers that look random (xorshift64*).
#[derive(Debug, Clone)]
pub(in crate::cli::eval::turns) struct Chance(u64);

impl Chance {
    pub(in crate::cli::eval::turns) fn new(seed: u64) -> Self {
        let mut chance = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        chance.share();
        chance
    }

    /// 0..1.
    pub(in crate::cli::eval::turns) fn share(&mut self) -> f32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 40) as f32 / (1_u64 << 24) as f32
    }

    /// From one number to another.
    pub(super) fn between(&mut self, from: f32, to: f32) -> f32 {
        from + (to - from) * self.share()
    }

    /// One of several; there is at least one.
    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[((self.share() * of.len() as f32) as usize).min(of.len() - 1)]
    }
}
